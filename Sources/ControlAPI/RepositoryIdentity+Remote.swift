extension RepositoryIdentity {
    /// The repository behind a Git address, where that has the form of one of Bitbucket's.
    ///
    /// These are `bitbucket.org/WORKSPACE/REPOSITORY` with any transport, and a Data Center's
    /// `https://HOST/…/scm/PROJECT/REPOSITORY` and `ssh://HOST/PROJECT/REPOSITORY`. A folder, and
    /// what anybody else keeps, has no name that a webhook could say.
    package init?(remote address: String) {
        let parts = address.split(separator: "/", omittingEmptySubsequences: false)
        guard let scheme = parts.first?.lowercased(), parts.count > 3, parts[1].isEmpty else {
            return nil
        }
        var path = parts.dropFirst(3).filter { !$0.isEmpty }
        switch scheme {
        case "ssh:": break
        case "http:", "https:":
            if !Self.isCloud(parts[2]) {
                guard path.count > 2, path[path.count - 3] == "scm" else { return nil }
                path.removeFirst(path.count - 2)
            }
        default: return nil
        }
        guard path.count == 2 else { return nil }
        let slug = path[1].hasSuffix(".git") ? path[1].dropLast(4) : path[1]
        self.init(project: String(path[0]), slug: String(slug))
    }

    private static func isCloud(_ authority: Substring) -> Bool {
        let host = authority.drop(through: "@").prefix { $0 != ":" }
        return host.lowercased() == "bitbucket.org"
    }
}

extension Substring {
    /// What follows the last of these characters; all of it where there is none.
    fileprivate func drop(through character: Character) -> Substring {
        lastIndex(of: character).map { self[index(after: $0)...] } ?? self
    }
}
