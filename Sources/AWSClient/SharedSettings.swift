import FoundationEssentials

/// The files and variables in which AWS tools keep settings, read once.
///
/// Names and precedence are those of the AWS CLI and SDKs ("AWS SDKs and Tools Reference Guide").
package struct SharedSettings: Sendable {
    /// Files larger than this are not settings.
    package static let largestFile = 1 << 20

    package let environment: [String: String]
    package let credentialsFile: String
    package let configFile: String

    /// `home` stands for `~` where the variables name no file.
    package init(environment: [String: String], home: String) {
        self.environment = environment.filter { !$0.value.isEmpty }
        credentialsFile = Self.path("AWS_SHARED_CREDENTIALS_FILE", "credentials", environment, home)
        configFile = Self.path("AWS_CONFIG_FILE", "config", environment, home)
    }

    package var profile: String { chosenProfile ?? "default" }

    /// The profile that was asked for by name; a missing one is then an error.
    var chosenProfile: String? { environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] }

    package var region: String? {
        environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? profileSettings["region"]
    }

    /// The endpoint configured for a service, `APP_MESH`, or for all; nothing means AWS's own.
    package func endpoint(ofService id: String) -> String? {
        if environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() == "true" { return nil }
        return environment["AWS_ENDPOINT_URL_" + id] ?? environment["AWS_ENDPOINT_URL"]
            ?? profileSettings["endpoint_url"]
    }

    /// What the configuration file says of the profile.
    var profileSettings: [String: String] {
        let sections = Self.sections(ofFile: configFile) ?? [:]
        return sections["profile " + profile] ?? (profile == "default" ? sections["default"] : nil)
            ?? [:]
    }

    /// What the credentials file says of the profile.
    var profileCredentials: [String: String]? {
        Self.sections(ofFile: credentialsFile)?[profile]
    }

    private static func path(
        _ variable: String,
        _ name: String,
        _ environment: [String: String],
        _ home: String
    ) -> String {
        guard let path = environment[variable], !path.isEmpty else { return home + "/.aws/" + name }
        return path.hasPrefix("~/") ? home + path.dropFirst(1) : path
    }

    /// The sections of a file, or nothing where it cannot be read or is too large to be one.
    private static func sections(ofFile path: String) -> [String: [String: String]]? {
        guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size],
            let size = size as? UInt64 ?? (size as? Int).map({ UInt64($0) }), size <= largestFile,
            let data = try? Data(contentsOf: URL(filePath: path))
        else { return nil }
        return sections(of: String(decoding: data, as: UTF8.self))
    }

    /// Reads `[section]` and `key = value` lines; comments, nested settings and noise are skipped.
    package static func sections(of text: String) -> [String: [String: String]] {
        var sections: [String: [String: String]] = [:]
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else {
                continue
            }
            if first == "[" {
                let name = line.dropFirst().prefix { $0 != "]" }
                    .split(whereSeparator: \.isWhitespace).joined(separator: " ")
                current = name
                sections[name, default: [:]].merge([:]) { old, _ in old }
            } else if let current, let equals = line.firstIndex(of: "=") {
                let key = trim(line[..<equals]).lowercased()
                sections[current]?[key] = trim(line[line.index(after: equals)...])
            }
        }
        return sections
    }

    private static func trim(_ text: Substring) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
