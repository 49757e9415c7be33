import AWSClient

/// Files with the secrets in use, the current one first; read when used, so that they rotate.
package struct WebhookSecretFiles: Hashable, Sendable {
    /// A file that gave no secret, and why.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let path: String
        package let reason: String

        package var description: String {
            "Read the webhook secret in '\(path)': \(reason); write the secret there, and nothing "
                + "else, readable for this process"
        }
    }

    package let paths: [String]

    package init(_ paths: [String]) { self.paths = paths }

    /// The secrets that can be read, and what is wrong with the other files.
    ///
    /// A previous secret that is gone is as it should be; no secret at all is for the caller.
    package func read() -> (secrets: [WebhookSecret], faults: [Fault]) {
        var secrets: [WebhookSecret] = []
        var faults: [Fault] = []
        for path in paths {
            do throws(Fault) {
                secrets.append(try Self.secret(in: path))
            } catch {
                faults.append(error)
            }
        }
        return (secrets, faults)
    }

    /// Bitbucket takes 128 characters at most; a file beyond that is the wrong file.
    private static let mostBytes = 1024

    /// Reads one file; a line break at its end does not count.
    package static func secret(in path: String) throws(Fault) -> WebhookSecret {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.bytes(of: path, most: mostBytes)
        } catch {
            throw Fault(path: path, reason: "cannot read it (\(error))")
        }
        guard bytes.count <= mostBytes else { throw Fault(path: path, reason: "it is too long") }
        var secret = bytes[...]
        if secret.last == UInt8(ascii: "\n") { secret.removeLast() }
        if secret.last == UInt8(ascii: "\r") { secret.removeLast() }
        guard let secret = WebhookSecret(secret) else {
            throw Fault(path: path, reason: "it is empty")
        }
        return secret
    }
}
