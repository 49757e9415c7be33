/// The 38 operations of the App Mesh API 2019-01-25 as one table: method, path, names, members.
///
/// Client and server share this and nothing of each other's behaviour. Every kind has the same five
/// verbs, so the table is their product, and three tag operations. Create is PUT on the collection,
/// update PUT on the item; child collections stand under the singular of their parent.
package enum Operation: Hashable, Sendable {
    package enum Verb: String, CaseIterable, Hashable, Sendable {
        case create = "Create"
        case describe = "Describe"
        case list = "List"
        case update = "Update"
        case delete = "Delete"
    }

    case resource(Verb, Kind)
    case tagResource
    case untagResource
    case listTagsForResource

    package static let all: [Operation] =
        Kind.allCases.flatMap { kind in Verb.allCases.map { .resource($0, kind) } }
        + [.tagResource, .untagResource, .listTagsForResource]

    /// As the API model names it: `CreateVirtualNode`, `ListMeshes`.
    package var name: String {
        switch self {
        case .resource(.list, let kind): "List" + kind.plural
        case .resource(let verb, let kind): verb.rawValue + kind.rawValue
        case .tagResource: "TagResource"
        case .untagResource: "UntagResource"
        case .listTagsForResource: "ListTagsForResource"
        }
    }

    package var method: String {
        switch self {
        case .resource(.create, _), .resource(.update, _), .tagResource, .untagResource: "PUT"
        case .resource(.describe, _), .resource(.list, _), .listTagsForResource: "GET"
        case .resource(.delete, _): "DELETE"
        }
    }

    /// Segments after `/v20190125`; a segment in braces is a member of the request.
    package var path: [String] {
        switch self {
        case .tagResource: ["tag"]
        case .untagResource: ["untag"]
        case .listTagsForResource: ["tags"]
        case .resource(let verb, let kind):
            kind.collectionPath
                + (verb == .create || verb == .list ? [] : ["{\(kind.nameMember)}"])
        }
    }

    /// A member of a request that does not stand in the path.
    package struct Member: Hashable, Sendable {
        package let name: String
        package let isRequired: Bool

        package init(name: String, isRequired: Bool) {
            self.name = name
            self.isRequired = isRequired
        }
    }

    /// Members in the query, sorted by name.
    package var query: [Member] {
        let paging = [Member(name: "limit", isRequired: false)]
        let token = [Member(name: "nextToken", isRequired: false)]
        let owner = takesMeshOwner ? [Member(name: "meshOwner", isRequired: false)] : []
        let arn = [Member(name: "resourceArn", isRequired: true)]
        return switch self {
        case .resource(.list, _): paging + owner + token
        case .resource: owner
        case .tagResource, .untagResource: arn
        case .listTagsForResource: paging + token + arn
        }
    }

    /// Members of the body, sorted by name; none where the request has no body.
    package var body: [Member] {
        switch self {
        case .resource(.create, let kind):
            [
                Member(name: "clientToken", isRequired: false),
                Member(name: kind.nameMember, isRequired: true),
                Member(name: "spec", isRequired: kind != .mesh),
                Member(name: "tags", isRequired: false),
            ]
            .sorted { $0.name < $1.name }
        case .resource(.update, let kind):
            [
                Member(name: "clientToken", isRequired: false),
                Member(name: "spec", isRequired: kind != .mesh),
            ]
        case .tagResource: [Member(name: "tags", isRequired: true)]
        case .untagResource: [Member(name: "tagKeys", isRequired: true)]
        case .resource, .listTagsForResource: []
        }
    }

    /// Whether the operation takes `meshOwner` in the query: all but those on meshes and tags.
    package var takesMeshOwner: Bool {
        guard case .resource(let verb, let kind) = self else { return false }
        return kind != .mesh || verb == .describe
    }

    /// Whether the operation takes a `clientToken` in its body.
    package var takesClientToken: Bool {
        switch self {
        case .resource(.create, _), .resource(.update, _): true
        default: false
        }
    }

    /// The prefix of every path.
    package static let pathPrefix = "/v20190125"
}

extension Kind {
    /// `Meshes`, `VirtualNodes`: the plural in the names of list operations.
    package var plural: String { self == .mesh ? "Meshes" : rawValue + "s" }

    /// The member of a list answer that holds its items: `meshes`, `gatewayRoutes`.
    package var listMember: String { self == .mesh ? "meshes" : segment + "s" }

    /// Path of the collection: `meshes/{meshName}/virtualRouter/{virtualRouterName}/routes`.
    package var collectionPath: [String] {
        guard self != .mesh else { return ["meshes"] }
        let above = parent.map { [$0.segment, "{\($0.nameMember)}"] } ?? []
        return ["meshes", "{meshName}"] + above + [listMember]
    }
}
