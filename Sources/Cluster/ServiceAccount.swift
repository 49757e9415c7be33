import AWSClient
import Foundation

/// Where a pod finds its cluster's API server, and with what it identifies itself there.
package struct ServiceAccount: Hashable, Sendable {
    /// Scheme, host and port.
    package let server: String
    package let namespace: String
    /// Read anew for every request: the kubelet replaces the token long before it expires.
    package let tokenFile: String
    /// The only roots that are trusted; absent for a server without TLS.
    package let rootsFile: String?

    package init(server: String, namespace: String, tokenFile: String, rootsFile: String? = nil) {
        self.server = server
        self.namespace = namespace
        self.tokenFile = tokenFile
        self.rootsFile = rootsFile
    }

    /// Where the kubelet puts them.
    package static let folder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The account that this process was given; nothing outside a cluster, or where the pod was
    /// told to have none.
    package init?(
        environment: [String: String],
        folder: String = ServiceAccount.folder
    ) throws(ClusterError) {
        let token = "\(folder)/token"
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            FileManager.default.fileExists(atPath: token)
        else { return nil }
        let port = environment["KUBERNETES_SERVICE_PORT"] ?? "443"
        let authority = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        let file = "\(folder)/namespace"
        let namespace = (SmallFile.text(of: file) ?? environment["POD_NAMESPACE"] ?? "")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard Self.isName(namespace) else {
            throw ClusterError(
                "Read the namespace of this pod from '\(file)'",
                "there is none; mount the service account's token with its namespace"
            )
        }
        self.init(
            server: "https://\(authority):\(port)",
            namespace: namespace,
            tokenFile: token,
            rootsFile: "\(folder)/ca.crt"
        )
    }

    /// Whether a text can be a namespace's name, and so a part of a path.
    private static func isName(_ text: String) -> Bool {
        let dash = UInt8(ascii: "-")
        return (1...63).contains(text.utf8.count) && text.utf8.first != dash
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    dash:
                    true
                default: false
                }
            }
    }

    /// The bearer token as it is now.
    func token() throws(ClusterError) -> String {
        let text = SmallFile.text(of: tokenFile)
        guard let text, !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ClusterError(
                "Read the service account's token from '\(tokenFile)'",
                "there is none that can be used"
            )
        }
        return text
    }
}

/// Why the API server was not asked, or did not say what was to be known; never with the token.
package struct ClusterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What we were doing, and to which object.
    package let operation: String
    package let cause: String

    package init(_ operation: String, _ cause: String) {
        self.operation = operation
        self.cause = cause
    }

    package var description: String { "\(operation): \(cause)" }
}

extension SmallFile {
    /// Above any file that the kubelet writes.
    private static let largest = 64 << 10

    /// The text of such a file; nothing where there is none, or a larger one.
    fileprivate static func text(of path: String) -> String? {
        guard let bytes = try? bytes(of: path, most: largest), bytes.count <= largest else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
