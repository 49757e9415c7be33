import AWSClient

/// The repository that everything is said about, and the Bitbucket that keeps it.
package struct BitbucketRepository: Hashable, Sendable {
    package enum Flavor: Hashable, Sendable {
        case cloud
        case dataCenter
    }

    package let flavor: Flavor
    /// What every call's path is appended to.
    let base: ServiceEndpoint
    /// The workspace in Cloud, the project's key in a data center.
    let project: String
    let slug: String

    /// Takes the base of the REST API (Cloud) or of the server (Data Center), and
    /// `workspace/repository`; nothing where one of them is none.
    ///
    /// A data center's base may also be written with what its APIs stand under, `/rest`.
    package init?(_ flavor: Flavor, url: String, fullName: String) {
        let names = fullName.split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, let project = names.first, let slug = names.last,
            !project.isEmpty, !slug.isEmpty,
            let base = ServiceEndpoint(flavor == .cloud ? url : Self.server(url))
        else { return nil }
        self.flavor = flavor
        self.base = base
        self.project = String(project)
        self.slug = String(slug)
    }

    package var fullName: String { "\(project)/\(slug)" }

    /// The page of a commit, for people.
    func page(ofCommit commit: String) -> String {
        let names = (URIEncoding.encode(project), URIEncoding.encode(slug))
        switch flavor {
        case .cloud:
            let origin = base.description.dropLast(base.path.count)
            let site = origin == "https://api.bitbucket.org" ? "https://bitbucket.org" : origin
            return "\(site)/\(names.0)/\(names.1)/commits/\(commit)"
        case .dataCenter:
            return "\(base)/projects/\(names.0)/repos/\(names.1)/commits/\(commit)"
        }
    }

    /// A path under the repository, of Cloud's only API or of one of a data center's.
    func path(_ rest: String, api: String = "api") -> String {
        let names = (URIEncoding.encode(project), URIEncoding.encode(slug))
        switch flavor {
        case .cloud: return "/repositories/\(names.0)/\(names.1)/\(rest)"
        case .dataCenter:
            return "/rest/\(api)/latest/projects/\(names.0)/repos/\(names.1)/\(rest)"
        }
    }

    private static func server(_ url: String) -> String {
        guard let rest = url.firstRange(of: "/rest") else { return url }
        let after = url[rest.upperBound...]
        return after.isEmpty || after.hasPrefix("/") ? String(url[..<rest.lowerBound]) : url
    }
}
