import Manifests
import MeshModel

/// What many members hold: paths, addresses, days, lists and maps of texts.
extension SettingsForm {
    /// Reads each element of a list; what cannot be read is reported and left out.
    ///
    /// An empty list is refused unless none of them means something.
    mutating func elements<Value>(
        _ node: SourceNode,
        _ title: String,
        upTo most: Int = SettingsForm.mostElements,
        mayBeEmpty: Bool = false,
        _ read: (inout SettingsForm, SourceNode, String) -> Value?
    ) -> [Value] {
        if mayBeEmpty, node.items?.isEmpty ?? false { return [] }
        let items = node.elements(title, upTo: most, &findings) ?? []
        return items.enumerated().compactMap { read(&self, $1, "\(title)[\($0)]") }
    }

    /// Reports elements of a list whose member has the text of an earlier one.
    ///
    /// By the texts as they stand there, so that another mistake in an element hides nothing.
    mutating func checkUnique(
        _ member: String,
        of list: SourceNode,
        _ finding: (_ quoted: String) -> (code: String, message: String)
    ) {
        var seen: Set<String> = []
        for item in list.items ?? [] {
            guard let node = item.value(of: member), let text = node.scalar?.text, !text.isEmpty,
                !seen.insert(text).inserted
            else { continue }
            let (code, message) = finding(quoted(text))
            findings.error(code, at: node.position, message)
        }
    }

    /// A map of texts that people name themselves.
    mutating func texts(_ node: SourceNode, _ title: String) -> [String: String] {
        guard let members = Members(node, title, &findings) else { return [:] }
        var texts: [String: String] = [:]
        for entry in members.node.entries ?? [] {
            texts[entry.key] = entry.value.text("\(title).\(entry.key)", &findings)
        }
        return texts
    }

    /// A file or folder of this machine, seen from where the program runs.
    mutating func path(_ node: SourceNode, _ title: String) -> String? {
        guard let text = node.text(title, &findings) else { return nil }
        let problem: String
        if text.isEmpty {
            problem = "is empty; write a path"
        } else if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            problem = "holds control characters; write a path"
        } else if text == "~" || text.hasPrefix("~/") {
            problem = "begins with '~', which only shells know; write the whole path"
        } else {
            return SettingsPath.resolve(text, in: folder)
        }
        findings.error("badPath", at: node.position, "\(title) \(problem)")
        return nil
    }

    /// An `http://` or `https://` address without secrets; no message repeats it.
    mutating func webAddress(
        _ text: Located<String>,
        _ title: String,
        example: String
    ) -> WebAddress? {
        let problem: String
        do throws(WebAddress.Problem) {
            return try WebAddress(text.value)
        } catch {
            problem =
                switch error {
                case .form: "is no address; write one such as \(example)"
                case .userInformation: "holds a user name or password; leave it out"
                case .query: "has a '?' or '#'; write it without what follows"
                }
        }
        findings.error("badURL", at: text.position, "\(title) \(problem)")
        return nil
    }

    mutating func listenAddress(_ node: SourceNode, _ title: String) -> ListenAddress? {
        guard let text = node.text(title, &findings) else { return nil }
        if let address = ListenAddress(text) { return address }
        findings.error(
            "badAddress",
            at: node.position,
            "\(title) is \(quoted(text)); write HOST:PORT such as 0.0.0.0:8080 or [::]:8080"
        )
        return nil
    }

    /// A date, quoted or not: its type leaves no doubt what a plain `2027-01-31` is.
    mutating func day(_ node: SourceNode, _ title: String) -> CalendarDay? {
        guard let scalar = node.usableScalar(title, "a date such as 2027-01-31", &findings) else {
            return nil
        }
        if let day = CalendarDay(scalar.text) { return day }
        findings.error(
            "badDate",
            at: node.position,
            "\(title) is \(quoted(scalar.text)); write a date such as 2027-01-31"
        )
        return nil
    }

    // MARK: - Git

    /// Where the repository is; the rule of `GitSource`, which reads the same text later, with
    /// relative paths resolved and `ssh://` let through.
    mutating func repository(_ text: Located<String>) -> String? {
        let problem: String
        switch RepositoryAddress(text.value) {
        case .path: return SettingsPath.resolve(text.value, in: folder)
        case .url: return text.value
        case .unusable(let words): problem = words
        }
        findings.error("badURL", at: text.position, "git.url \(problem)")
        return nil
    }
}

/// What a text for a repository is; a wrong one is never repeated, since it may hold a password.
enum RepositoryAddress: Hashable {
    case path
    case url
    /// With words for what is wrong and what to write instead.
    case unusable(String)

    private static let forms = "write https://, ssh://, file:// or a path"

    init(_ text: String) {
        guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            self = .unusable("holds blanks; \(Self.forms)")
            return
        }
        guard let separator = text.firstRange(of: "://") else {
            self = Self.path(text)
            return
        }
        let rest = text[separator.upperBound...]
        switch text[..<separator.lowerBound].lowercased() {
        case "http", "https", "ssh": self = Self.remote(rest)
        case "file":
            self = rest.hasPrefix("/") ? .url : .unusable("needs an absolute path after file://")
        default: self = .unusable("has a transport that we do not speak; \(Self.forms)")
        }
    }

    /// `git@host:path` is ssh to Git, where a path would have a slash before its first colon.
    private static func path(_ text: String) -> RepositoryAddress {
        if text == "~" || text.hasPrefix("~/") {
            return .unusable("begins with '~', which only shells know; write the whole path")
        }
        guard text.hasPrefix(".") || !text.prefix(while: { $0 != "/" }).contains(":") else {
            return .unusable("is neither URL nor path; write ssh://git@HOST/PATH")
        }
        return .path
    }

    private static func remote(_ rest: Substring) -> RepositoryAddress {
        let authority = rest.prefix { !["/", "?", "#"].contains($0) }
        let user = authority.lastIndex(of: "@").map { authority[..<$0] }
        let host = user.map { authority.dropFirst($0.count + 1) } ?? authority
        if user?.contains(":") ?? false {
            return .unusable(
                "carries a password; put it into a file and name that in "
                    + "git.credentials.passwordFile"
            )
        }
        if rest.contains(where: { $0 == "?" || $0 == "#" }) {
            return .unusable("has a '?' or '#'; write it without what follows")
        }
        guard WebAddress.host(of: host) != nil else { return .unusable("names no host; \(forms)") }
        return .url
    }
}

/// Names that Git lets a branch have.
enum BranchName {
    static func isValid(_ name: String) -> Bool {
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value != 0x7F && !" ~^:?*[\\".unicodeScalars.contains($0)
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return isPlain && name.utf8.count <= 255 && name != "@" && !name.hasPrefix("-")
            && !name.contains("..") && !name.contains("@{") && !name.hasSuffix(".")
            && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasSuffix(".lock") }
    }
}
