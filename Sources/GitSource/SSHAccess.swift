import Foundation

/// How an `ssh://` remote is reached: who we are, and which host keys are the right ones.
///
/// Keys are read when they are used, so that they can rotate; no agent, no other file of the
/// machine takes part.
package struct SSHAccess: Hashable, Sendable {
    /// A private key in OpenSSH's form, which nobody else may read.
    package let keyFile: String
    /// Where the key is encrypted: a file with its passphrase.
    package let passphraseFile: String?
    /// The host keys that are right, in the form of `known_hosts`; nothing is ever added to it.
    package let knownHostsFile: String

    package init(keyFile: String, passphraseFile: String? = nil, knownHostsFile: String) {
        self.keyFile = keyFile
        self.passphraseFile = passphraseFile
        self.knownHostsFile = knownHostsFile
    }
}

/// Who a child is to one SSH host; travels on its standard input.
struct SSHIdentity: Codable {
    let host: SSHHost
    let user: String
    let key: String
    let keyType: String
    let passphrase: String?
    let knownHostsFile: String

    /// Reads the keys where the remote is `ssh://`, and only there.
    init?(_ access: SSHAccess?, for remote: RemoteAddress) throws(GitError) {
        guard let host = remote.sshHost else { return nil }
        guard let access else {
            throw GitError(
                "Fetch",
                remote.text,
                .invalid,
                "ssh:// needs a private key and a file of known hosts",
                nextStep: "name both"
            )
        }
        let key = try PrivateKey(file: access.keyFile)
        if key.isEncrypted, access.passphraseFile == nil {
            throw GitError(
                "Read SSH key",
                access.keyFile,
                .invalid,
                "it is encrypted",
                nextStep: "name the file of its passphrase, or use a deploy key without one"
            )
        }
        self.host = host
        user = remote.user ?? "git"
        self.key = key.text
        keyType = key.type
        passphrase = try access.passphraseFile.map { (path) throws(GitError) in
            try SecretFile.line(path, "SSH passphrase file")
        }
        knownHostsFile = access.knownHostsFile
    }
}

/// Host and port of an `ssh://` address.
struct SSHHost: Hashable, Sendable, Codable, CustomStringConvertible {
    /// In lower case; an IPv6 address without its brackets.
    let name: String
    let port: Int

    static let usualPort = 22

    /// As `known_hosts` writes it.
    var description: String { port == Self.usualPort ? name : "[\(name)]:\(port)" }

    /// Reads what stands before the path of an address, without a user.
    init?(_ authority: Substring) {
        var name = authority.lowercased()[...]
        var port: Substring?
        if name.hasPrefix("[") {
            guard let end = name.firstIndex(of: "]") else { return nil }
            let rest = name[name.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
            name = name[name.index(after: name.startIndex)..<end]
        } else if let colon = name.firstIndex(of: ":") {
            port = name[name.index(after: colon)...]
            name = name[..<colon]
        }
        let number = port.map { UInt16($0) } ?? UInt16(Self.usualPort)
        guard let number, number > 0, !name.isEmpty, !name.hasPrefix("-"),
            name.utf8.allSatisfy(Self.isPart)
        else { return nil }
        self.name = String(name)
        self.port = Int(number)
    }

    /// Letters, digits and marks of names and addresses.
    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._:%".utf8.contains(byte)
        }
    }
}
