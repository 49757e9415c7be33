package import FoundationEssentials

/// A secret text that no log line, message or dump can show.
///
/// Only `value` gives it away, so that every use stands out in the code.
package struct Secret: Sendable, Hashable {
    package let value: String

    package init(_ value: String) { self.value = value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }

    package var debugDescription: String { "<redacted>" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A key pair that requests are signed with, and where it was found.
package struct Credentials: Sendable, Hashable {
    package let accessKeyID: String
    package let secretAccessKey: Secret
    /// Present for temporary credentials; travels in `x-amz-security-token`.
    package let sessionToken: Secret?
    /// Where they came from, for people: `environment`, `profile 'prod'`.
    package let source: String
    /// Absent where they hold until somebody revokes them.
    package let expires: Date?

    package init(
        accessKeyID: String,
        secretAccessKey: Secret,
        sessionToken: Secret? = nil,
        source: String = "given",
        expires: Date? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.source = source
        self.expires = expires
    }
}
