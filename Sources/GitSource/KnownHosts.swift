import Crypto
import Foundation
import MeshModel

/// The host keys that a file in the form of `known_hosts` gives one host (sshd(8)).
///
/// Names may be hashed, have `*`, and be taken back with `!`; a port that is not 22 belongs to the
/// name, as in `[host]:7999`. `@revoked` keys are refused whatever else stands there. Certificate
/// authorities are passed over, since libssh2 knows no certificates; so are lines that OpenSSH
/// would not read either.
struct KnownHosts {
    /// What the key that a host shows is to us.
    enum Verdict: Hashable {
        case pinned
        /// The file has no key for the host.
        case unknown
        /// The file has other keys for it.
        case other
        case revoked
        /// It is so weak that anybody may have it; with the words that follow "it is".
        case weak(String)
    }

    /// Larger files are not read: this one is ours to keep.
    private static let longest = 1 << 20

    private(set) var keys: Set<SSHPublicKey> = []
    private var revoked: Set<SSHPublicKey> = []

    init(file: String, host: SSHHost) throws(GitError) {
        let operation = GitOperation("Read known hosts", file)
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw operation.error(
                .fileSystem,
                "cannot open it",
                nextStep: "write the host's public keys there, as 'ssh-keyscan' prints them, "
                    + "after comparing them with what its operator publishes"
            )
        }
        defer { try? handle.close() }
        let data: Data
        do { data = try handle.read(upToCount: Self.longest + 1) ?? Data() } catch {
            throw operation.error(.fileSystem, "cannot read it", nextStep: "check its rights")
        }
        guard data.count <= Self.longest else {
            throw operation.error(.invalid, "it is larger than \(Self.longest) bytes")
        }
        self.init(String(decoding: data, as: UTF8.self), host: host)
    }

    init(_ text: String, host: SSHHost) {
        for line in text.split(whereSeparator: \.isNewline) {
            var fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
            guard let first = fields.first, !first.hasPrefix("#") else { continue }
            let marker = first.hasPrefix("@") ? fields.removeFirst() : nil
            guard fields.count >= 3, let names = fields.popFirst(), let type = fields.popFirst(),
                let data = fields.popFirst().flatMap({ Data(base64Encoded: String($0)) }),
                let key = SSHPublicKey(Array(data)), key.type == type,
                Self.matches(names, "\(host)")
            else { continue }
            switch marker {
            case nil: keys.insert(key)
            case "@revoked": revoked.insert(key)
            default: continue
            }
        }
    }

    func verdict(on key: SSHPublicKey) -> Verdict {
        if revoked.contains(key) { return .revoked }
        guard keys.contains(key) else { return keys.isEmpty ? .unknown : .other }
        return key.weakness.map { .weak($0) } ?? .pinned
    }

    /// The pinned keys alone, in the form that libssh2 reads.
    func lines(for host: SSHHost) -> String {
        keys.map { "\(host) \($0.type) \(Data($0.bytes).base64EncodedString())\n" }.sorted()
            .joined()
    }

    private static func matches(_ names: Substring, _ host: String) -> Bool {
        guard !names.hasPrefix("|") else { return isHash(names, of: host) }
        var isMatch = false
        for pattern in names.lowercased().split(separator: ",") {
            let isNegated = pattern.hasPrefix("!")
            guard Glob(String(isNegated ? pattern.dropFirst() : pattern)).matches(host) else {
                continue
            }
            if isNegated { return false }
            isMatch = true
        }
        return isMatch
    }

    /// `|1|salt|hash`: HMAC-SHA1 of the name with the salt as key, both in base64.
    private static func isHash(_ names: Substring, of host: String) -> Bool {
        let parts = names.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[1] == "1", let salt = Data(base64Encoded: String(parts[2])),
            let hash = Data(base64Encoded: String(parts[3]))
        else { return false }
        return HMAC<Insecure.SHA1>
            .isValidAuthenticationCode(
                hash,
                authenticating: Data(host.utf8),
                using: SymmetricKey(data: salt)
            )
    }
}
