import Foundation
import GitSource
import Subprocess
import Synchronization
import SystemPackage

/// Debian's `sshd` in front of a team's repositories, one process for each connection.
///
/// The listener is ours, so that the kernel picks the port; each connection becomes the standard
/// input and output of an `sshd -i`.
final class SSHTestServer: Sendable {
    /// What stands behind the port.
    enum Behaviour: Sendable {
        case serves
        /// Accepts and says nothing.
        case stalls
        /// Says something that is not SSH.
        case speaksGarbage
    }

    static let program = "/usr/sbin/sshd"
    static let isInstalled = FileManager.default.isExecutableFile(atPath: program)

    let port: Int
    let team: Team
    private let folder: URL
    private let listener: Int32
    private let open = Mutex<[Int32]>([])

    /// Who logs in: nobody but ourselves can be served without being root.
    static let user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"

    var address: String { "ssh://\(Self.user)@127.0.0.1:\(port)\(team.originPath)" }
    var log: String {
        (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? ""
    }
    var knownHosts: String { folder.appending(path: "known_hosts").path }

    /// Runs a body with a server for a team that has pushed one commit.
    ///
    /// The host has keys of these types, all of them pinned; `settings` are lines of `sshd_config`.
    static func run(
        _ behaviour: Behaviour = .serves,
        hostKeys: [String] = ["ed25519"],
        settings: [String] = [],
        _ body: (SSHTestServer) async throws -> Void
    ) async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let server = try await SSHTestServer(team, hostKeys: hostKeys, settings)
            let accepting = Task { await server.accept(behaviour) }
            do { try await body(server) } catch {
                await server.stop(accepting)
                throw error
            }
            await server.stop(accepting)
        }
    }

    private init(_ team: Team, hostKeys: [String], _ settings: [String]) async throws {
        self.team = team
        folder = team.folder.appending(path: "ssh")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        (listener, port) = try Self.listen()
        // Root's sshd locks itself into this folder.
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
        var lines = settings
        for type in hostKeys {
            let key = try await makeKey("host_\(type)", type: type)
            lines.append("HostKey \(key)")
            try pin(key, for: "[127.0.0.1]:\(port)")
        }
        lines += [
            "AuthorizedKeysFile \(folder.path)/authorized_keys", "StrictModes no", "UsePAM no",
            "PidFile none", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            "PermitRootLogin yes", "LogLevel DEBUG1",
        ]
        try write(lines.joined(separator: "\n") + "\n", to: "sshd_config")
    }

    // MARK: - Keys

    /// Makes a key pair; answers the private half's path.
    func makeKey(_ name: String, type: String, _ options: [String] = []) async throws -> String {
        let path = folder.appending(path: name).path
        let quiet = options.contains("-N") ? options : options + ["-N", ""]
        let made = try await Subprocess.run(
            .name("ssh-keygen"),
            arguments: Arguments(["-q", "-t", type, "-C", "", "-f", path] + quiet),
            output: .discarded,
            error: .string(limit: 4096)
        )
        guard made.terminationStatus.isSuccess else { throw Unusable(why: made.standardError) }
        return path
    }

    /// Lets the owner of a key log in.
    func authorize(_ key: String) throws {
        try write(try publicHalf(key) + "\n", to: "authorized_keys")
    }

    /// Adds a host's key to the file of known hosts.
    func pin(_ key: String, for host: String, marker: String = "") throws {
        let old = (try? String(contentsOfFile: knownHosts, encoding: .utf8)) ?? ""
        try write("\(old)\(marker)\(host) \(try publicHalf(key))\n", to: "known_hosts")
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    func hostKey(_ type: String = "ed25519") -> String {
        folder.appending(path: "host_\(type)").path
    }

    private func publicHalf(_ key: String) throws -> String {
        try String(contentsOfFile: key + ".pub", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func mirror(
        key: String,
        passphraseFile: String? = nil,
        _ change: (inout GitSettings) -> Void = { _ in }
    ) throws -> GitMirror {
        try team.mirror(remote: address) {
            $0.ssh = SSHAccess(
                keyFile: key,
                passphraseFile: passphraseFile,
                knownHostsFile: knownHosts
            )
            change(&$0)
        }
    }

    // MARK: - Connections

    struct Unusable: Error { let why: String }

    private static func listen() throws -> (Int32, Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutableBytes(of: &address) { bytes -> UInt16? in
            guard let raw = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                bind(listener, raw, length) == 0, Glibc.listen(listener, 16) == 0,
                getsockname(listener, raw, &length) == 0
            else { return nil }
            return bytes.load(fromByteOffset: 2, as: UInt16.self).bigEndian
        }
        guard let port else { throw Unusable(why: "no port to listen on") }
        return (listener, Int(port))
    }

    private func accept(_ behaviour: Behaviour) async {
        await withTaskGroup(of: Void.self) { group in
            while let connection = await next() {
                switch behaviour {
                case .stalls: continue
                case .speaksGarbage:
                    let noise = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
                    _ = send(connection, noise, noise.count, Int32(MSG_NOSIGNAL))
                    shutdown(connection, Int32(SHUT_RDWR))
                case .serves: group.addTask { await self.serve(connection) }
                }
            }
            group.cancelAll()
        }
    }

    /// The next connection; nothing once the listener is shut.
    private func next() async -> Int32? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [listener] in
                let connection = Glibc.accept(listener, nil, nil)
                continuation.resume(returning: connection < 0 ? nil : connection)
            }
        }
        .map { connection in
            open.withLock { $0.append(connection) }
            return connection
        }
    }

    private func serve(_ connection: Int32) async {
        let descriptor = FileDescriptor(rawValue: connection)
        _ = try? await Subprocess.run(
            .path(FilePath(Self.program)),
            arguments: [
                "-i", "-f", "\(folder.path)/sshd_config", "-E", "\(folder.path)/log",
            ],
            input: .fileDescriptor(descriptor, closeAfterSpawningProcess: false),
            output: .fileDescriptor(descriptor, closeAfterSpawningProcess: false),
            error: .discarded
        )
    }

    private func stop(_ accepting: Task<Void, Never>) async {
        shutdown(listener, Int32(SHUT_RDWR))
        for connection in open.withLock(\.self) { shutdown(connection, Int32(SHUT_RDWR)) }
        await accepting.value
        for connection in open.withLock(\.self) { close(connection) }
        close(listener)
    }
}
