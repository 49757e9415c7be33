import Foundation
import Settings

/// Looks at the folders and files that the settings name.
enum DoctorFiles {
    /// Below this the disk of the state folder is nearly full, in bytes.
    private static let leastFree: Int64 = 256 << 20
    /// No token or secret is longer; such a file is the wrong one.
    private static let mostSecretBytes = 16 << 10

    static func examine(_ settings: AgentSettings) -> [Examination] {
        var done = [state(settings.state)]
        for (index, path) in settings.webhookSecretFiles.enumerated() {
            let subject = "webhook secret \(index + 1)"
            // A previous secret that is gone is as it should be.
            if index > 0, access(path, F_OK) != 0 {
                done.append(.ok(subject, "'\(path)' is not there, so it is taken no more"))
            } else {
                done.append(secret(subject, path))
            }
        }
        if let file = settings.git.credentials?.passwordFile {
            done.append(secret("git password", file))
        }
        if let file = settings.bitbucket?.tokenFile {
            done.append(secret("bitbucket token", file))
        }
        return done
    }

    private static func state(_ path: String) -> Examination {
        let subject = "state folder"
        guard access(path, F_OK) == 0 else {
            let parent = URL(filePath: path).deletingLastPathComponent().path
            guard access(parent, W_OK) == 0 else {
                return .failed(
                    subject,
                    "'\(path)' cannot be made: \(String(cString: strerror(errno)))",
                    next: "make it, writable for this user and for nobody else"
                )
            }
            return .ok(subject, "'\(path)' is not there yet and can be made")
        }
        let file = FileFacts(path)
        guard file?.type == .typeDirectory, access(path, R_OK | W_OK | X_OK) == 0 else {
            return .failed(
                subject,
                "'\(path)' is no folder that this user can write into",
                next: "give it to the user that the agent runs as"
            )
        }
        if let free = FileFacts.free(at: path), free < leastFree {
            return .warning(
                subject,
                "'\(path)' has \(free >> 20) MiB left",
                next: "make room; an agent whose ledger cannot grow stops writing"
            )
        }
        guard let file, file.mode & 0o077 == 0 else {
            return .warning(
                subject,
                "'\(path)' is open to other users",
                next: "chmod 700 it: it holds the key that signs the ledger"
            )
        }
        return .ok(subject, "'\(path)' is writable")
    }

    /// Looks at the file's form; what it holds is not read.
    private static func secret(_ subject: String, _ path: String) -> Examination {
        let next = "write the secret there and nothing else, readable for this user only"
        guard access(path, R_OK) == 0 else {
            return .failed(subject, "'\(path)': \(String(cString: strerror(errno)))", next: next)
        }
        guard let file = FileFacts(path), file.type == .typeRegular else {
            return .failed(subject, "'\(path)' is no file", next: next)
        }
        guard (1...mostSecretBytes).contains(file.size) else {
            let form = file.size == 0 ? "empty" : "too long for a secret"
            return .failed(subject, "'\(path)' is \(form)", next: next)
        }
        guard file.mode & 0o007 == 0 else {
            return .warning(
                subject,
                "'\(path)' is there, readable for every user",
                next: "chmod 600 it, or mount it with defaultMode 0400"
            )
        }
        return .ok(subject, "'\(path)' is there")
    }
}

/// What the file system says of a file, behind all links: secrets are mounted as links.
private struct FileFacts {
    let type: FileAttributeType
    let size: Int
    let mode: Int

    init?(_ path: String) {
        let real = URL(filePath: path).resolvingSymlinksInPath().path
        guard let facts = try? FileManager.default.attributesOfItem(atPath: real),
            let type = facts[.type] as? FileAttributeType,
            let size = facts[.size] as? NSNumber,
            let mode = facts[.posixPermissions] as? NSNumber
        else { return nil }
        self.type = type
        self.size = size.intValue
        self.mode = mode.intValue
    }

    /// Bytes left on the disk of a path.
    static func free(at path: String) -> Int64? {
        let facts = try? FileManager.default.attributesOfFileSystem(forPath: path)
        return (facts?[.systemFreeSize] as? NSNumber)?.int64Value
    }
}
