import CLibgit2
import MeshModel

/// The library's own state: started once, hermetic, never shut down.
///
/// Shutting down would need to know that nobody holds a handle; there is no good time for it.
enum Libgit2 {
    /// Touch before the first call: `_ = Libgit2.started`.
    static let started: Void = {
        git_libgit2_init()
        _ = plumbline_git_ignore_machine_settings()
    }()
}

/// One thing we ask of libgit2, named so that its errors can be.
struct GitOperation: Sendable {
    let name: String
    let object: String

    init(_ name: String, _ object: String) {
        self.name = name
        self.object = object
    }

    /// Runs one call and turns a negative code into an error.
    ///
    /// The error text is per thread and stays until the next one: it is cleared before the call and
    /// read right after it, on the same thread.
    func run(_ call: () -> Int32) throws(GitError) {
        git_error_clear()
        let code = call()
        if code < 0 { throw failure(code) }
    }

    func error(
        _ code: GitError.Code,
        _ message: String,
        nextStep: String? = nil
    ) -> GitError {
        GitError(name, object, code, message, nextStep: nextStep)
    }

    private func failure(_ code: Int32) -> GitError {
        let last = git_error_last()
        let text = last.flatMap { $0.pointee.message }.map { String(cString: $0) }
        let message = PlainText.line(text ?? "libgit2 code \(code)", limit: 300)
        let kind = Self.kind(code, class: last?.pointee.klass ?? 0, message: message)
        switch kind {
        case .fileSystem where message.contains("safe.directory"):
            return error(
                kind,
                "the repository belongs to another user",
                nextStep: "give the folder to the user that runs this process"
            )
        case .unreachable where message.contains("Unable to exchange encryption keys"):
            return error(
                kind,
                message,
                nextStep: "pin the host's ed25519 or ecdsa key: RSA ones are signed with SHA-1 "
                    + "here, which most hosts refuse"
            )
        case .unreachable where message.contains("Private key unpack failed"):
            return error(
                .authentication,
                "the private key does not open",
                nextStep: "check the file of its passphrase"
            )
        case .authentication:
            return error(kind, message, nextStep: "check user name and token, and their rights")
        case .certificate:
            return error(
                kind,
                message,
                nextStep: "for a private authority, name its PEM file as certificate file"
            )
        case .unreachable:
            return error(
                kind,
                message,
                nextStep: "check the address, the network, and what the credentials may read"
            )
        case .redirect:
            return error(
                kind,
                message,
                nextStep: "use the address it redirects to, if you trust it"
            )
        default:
            return error(kind, message)
        }
    }

    private static func kind(_ code: Int32, class: Int32, message: String) -> GitError.Code {
        // libgit2 has no code of its own for a refused redirect.
        if message.hasPrefix("cannot redirect") { return .redirect }
        switch code {
        case GIT_EAUTH.rawValue: return .authentication
        case GIT_ECERTIFICATE.rawValue: return .certificate
        default: break
        }
        let network = [GIT_ERROR_NET, GIT_ERROR_HTTP, GIT_ERROR_SSL, GIT_ERROR_SSH]
            .map { Int32($0.rawValue) }
        return network.contains(`class`) ? .unreachable : .fileSystem
    }
}

/// A repository while it is open; closed when the value goes away.
struct RepositoryHandle: ~Copyable {
    let pointer: OpaquePointer

    /// Opens a bare repository.
    ///
    /// The plain open would also look at who owns the folder, and then name a setting nobody knows.
    init(openBare directory: String, for operation: GitOperation) throws(GitError) {
        _ = Libgit2.started
        var opened: OpaquePointer?
        try operation.run { git_repository_open_bare(&opened, directory) }
        guard let opened else { throw operation.error(.fileSystem, "no repository handle") }
        pointer = opened
    }

    /// Makes a bare repository whose HEAD names the branch `main`.
    init(createBare directory: String, for operation: GitOperation) throws(GitError) {
        _ = Libgit2.started
        var options = git_repository_init_options()
        try operation.run {
            git_repository_init_options_init(
                &options,
                UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION)
            )
        }
        options.flags =
            UInt32(GIT_REPOSITORY_INIT_BARE.rawValue) | UInt32(GIT_REPOSITORY_INIT_MKPATH.rawValue)
        var created: OpaquePointer?
        try operation.run {
            "main"
                .withCString { branch in
                    options.initial_head = branch
                    return git_repository_init_ext(&created, directory, &options)
                }
        }
        guard let created else { throw operation.error(.fileSystem, "no repository handle") }
        pointer = created
    }

    deinit { git_repository_free(pointer) }
}

/// An object of the database while it is held.
struct ObjectHandle: ~Copyable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { git_object_free(pointer) }
}

/// Object ids as 40 hexadecimal digits.
enum ObjectID {
    static func hex(_ id: git_oid) -> String {
        withUnsafeBytes(of: id.id) { bytes in
            bytes.map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }
            .joined()
        }
    }

    static func parse(_ hex: String) -> git_oid? {
        guard isFull(hex) else { return nil }
        var id = git_oid()
        return git_oid_fromstr(&id, hex) == 0 ? id : nil
    }

    static func isFull(_ text: String) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy(Self.isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
