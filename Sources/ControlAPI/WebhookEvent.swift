/// Which Bitbucket speaks; their headers and bodies have nothing in common but the signature.
package enum WebhookFlavor: String, Hashable, Sendable {
    case cloud
    case dataCenter
}

/// What a delivery says happened, as far as its signed body says so.
///
/// Values only. Addresses in the payload are not read at all, so that nobody can follow them.
package struct WebhookEvent: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// Every ref that the push moved, in the payload's order; it may be none.
        case push([RefChange])
        case pullRequest(PullRequestChange)
        /// Something that no loop waits for, such as a comment.
        case other
    }

    package let flavor: WebhookFlavor
    /// The event's key, such as `repo:push`.
    package let key: String
    /// Absent only where the content is `other`.
    package let repository: RepositoryIdentity?
    /// Milliseconds since 1970 at which it happened; Cloud signs no such date.
    package let date: Int64?
    package let content: Content
}

/// A repository by its names, never by an address.
package struct RepositoryIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The workspace (Cloud) or the project's key (Data Center).
    package let project: String
    package let slug: String
    /// Cloud's id in braces; it outlives a change of the name.
    package let uuid: String?

    /// Only ASCII letters, digits, `.`, `_`, `-` and `~`: what looks like another name is none.
    package init?(project: String, slug: String, uuid: String? = nil) {
        guard Self.isName(project), Self.isName(slug), uuid.map(Self.isUUID) ?? true else {
            return nil
        }
        self.project = project
        self.slug = slug
        self.uuid = uuid
    }

    /// Reads `workspace/repository` or `PROJECT/repository`.
    package init?(fullName: String, uuid: String? = nil) {
        let parts = fullName.split(separator: "/", omittingEmptySubsequences: false)
        guard let project = parts.first, let slug = parts.last, parts.count == 2 else { return nil }
        self.init(project: String(project), slug: String(slug), uuid: uuid)
    }

    package var fullName: String { "\(project)/\(slug)" }

    package var description: String { fullName }

    /// Whether the names are the same to Bitbucket, which does not tell cases apart.
    package func hasSameName(as other: RepositoryIdentity) -> Bool {
        fullName.lowercased() == other.fullName.lowercased()
    }

    private static func isName(_ text: String) -> Bool {
        guard (1...128).contains(text.utf8.count), text != ".", text != ".." else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || "._-~".utf8.contains($0) }
    }

    private static func isUUID(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 38, text.hasPrefix("{"), text.hasSuffix("}") else { return false }
        return bytes[1..<37].allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

/// A branch or a tag by its name without `refs/…/`.
package struct RefName: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable {
        case branch
        case tag
    }

    package let kind: Kind
    package let name: String

    /// Only names that Git itself would take (git-check-ref-format).
    package init?(_ kind: Kind, _ name: String) {
        guard (1...1024).contains(name.utf8.count), !name.hasPrefix("-"), name != "@",
            !name.contains(".."), !name.contains("@{"), !name.hasSuffix("."),
            name.unicodeScalars.allSatisfy(Self.isAllowed),
            name.split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasSuffix(".lock") })
        else { return nil }
        self.kind = kind
        self.name = name
    }

    /// Reads `refs/heads/…` or `refs/tags/…`.
    package init?(full: String) {
        if full.hasPrefix("refs/heads/") {
            self.init(.branch, String(full.dropFirst(11)))
        } else if full.hasPrefix("refs/tags/") {
            self.init(.tag, String(full.dropFirst(10)))
        } else {
            return nil
        }
    }

    /// As Git writes it, `refs/heads/main`.
    package var description: String {
        switch kind {
        case .branch: "refs/heads/" + name
        case .tag: "refs/tags/" + name
        }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value > 0x20 && scalar.value != 0x7F && !"~^:?*[\\".unicodeScalars.contains(scalar)
    }
}

/// One ref that a push moved.
package struct RefChange: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case created
        case updated
        case deleted
    }

    package let ref: RefName
    package let kind: Kind
    /// The commit before, in full; absent where the ref is new.
    package let old: String?
    /// The commit after, in full; absent where the ref is gone.
    package let new: String?
    /// Whether history was rewritten; Data Center does not say, so that Git must be asked.
    package let isForced: Bool?
    /// Whether the payload leaves commits out; nothing here depends on its commits.
    package let isTruncated: Bool
}

/// A pull request as it is now.
package struct PullRequestChange: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case open
        case merged
        case declined
        case superseded
        case deleted
    }

    /// One side of it.
    package struct Side: Hashable, Sendable {
        package let branch: RefName
        /// Twelve digits in Cloud, all of them in a Data Center; absent where the branch is gone.
        package let commit: String?
        /// Absent where the fork is gone.
        package let repository: RepositoryIdentity?
    }

    package let number: Int64
    package let state: State
    package let isDraft: Bool
    package let source: Side
    package let destination: Side
}

/// Why a delivery cannot be believed or understood.
package struct WebhookFault: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        case malformed
        /// The headers, which nobody signed, say something else than the body.
        case contradiction
    }

    package let kind: Kind
    /// Our own words; of the payload only the names of members.
    package let reason: String

    package var description: String { reason }

    init(_ reason: String, _ kind: Kind = .malformed) {
        self.kind = kind
        self.reason = reason
    }
}
