import FoundationEssentials

/// The key pairs that may use an endpoint, from a file in the form of `~/.aws/credentials`.
package struct Credentials: Sendable, CustomStringConvertible {
    /// Secret access keys by access key.
    private let secrets: [String: String]

    package init(_ secrets: [String: String]) { self.secrets = secrets }

    /// Reads `aws_access_key_id` and `aws_secret_access_key` of every section.
    package init(file path: String) throws(OptionError) {
        guard let data = try? Data(contentsOf: URL(filePath: path)),
            let text = String(validating: data, as: UTF8.self)
        else { throw OptionError("Read the key pairs in '\(path)': there is no such text file") }
        var secrets: [String: String] = [:]
        var accessKey: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let pair = line.split(separator: "=", maxSplits: 1)
                .map { part in
                    String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
                }
            guard pair.count == 2 else { continue }
            if pair[0] == "aws_access_key_id" {
                accessKey = pair[1]
            } else if pair[0] == "aws_secret_access_key", let key = accessKey {
                secrets[key] = pair[1]
                accessKey = nil
            }
        }
        guard !secrets.isEmpty else {
            throw OptionError(
                "Read the key pairs in '\(path)': it has none; write [default], "
                    + "aws_access_key_id = … and aws_secret_access_key = …"
            )
        }
        self.secrets = secrets
    }

    func secret(of accessKey: String) -> String? { secrets[accessKey] }

    /// Never the keys themselves.
    package var description: String { "\(secrets.count) key pairs" }
}
