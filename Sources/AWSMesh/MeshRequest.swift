package import AWSClient
package import MeshModel

/// Writes the 38 operations as requests of the service, from the table they share with the server.
package enum MeshRequest {
    /// What a call says beyond the address of its resource.
    package struct Content: Sendable {
        package var spec: SpecValue?
        package var tags: [String: String]
        package var clientToken: String?
        package var query: [(name: String, value: String)]
        package var isUrgent: Bool

        package init(
            spec: SpecValue? = nil,
            tags: [String: String] = [:],
            clientToken: String? = nil,
            query: [(name: String, value: String)] = [],
            isUrgent: Bool = false
        ) {
            self.spec = spec
            self.tags = tags
            self.clientToken = clientToken
            self.query = query
            self.isUrgent = isUrgent
        }
    }

    /// A call on a resource or, for lists, on the collection that `id`'s like live in.
    ///
    /// Throws for names that no path can carry: a dot segment would address something else.
    package static func resource(
        _ verb: Operation.Verb,
        _ id: ResourceID,
        _ content: Content = Content(),
        meshOwner: String? = nil
    ) throws(AWSError) -> ServiceRequest {
        let operation = Operation.resource(verb, id.kind)
        var query = content.query
        if operation.takesMeshOwner, let meshOwner {
            query.append((name: "meshOwner", value: meshOwner))
        }
        return ServiceRequest(
            operation: operation.name,
            subject: subject(verb, id),
            method: operation.method,
            path: try path(of: operation, id),
            query: query,
            body: body(of: operation, id, content).map { Array($0.json.utf8) },
            kind: verb == .list || verb == .describe ? .read : .write,
            isUrgent: content.isUrgent
        )
    }

    /// A call on the tags of whatever has this ARN.
    package static func tags(
        _ operation: Operation,
        arn: String,
        body: SpecValue? = nil,
        query: [(name: String, value: String)] = []
    ) -> ServiceRequest {
        ServiceRequest(
            operation: operation.name,
            subject: arn,
            method: operation.method,
            path: Operation.pathPrefix + "/" + operation.path.joined(separator: "/"),
            query: [(name: "resourceArn", value: arn)] + query,
            body: body.map { Array($0.json.utf8) },
            kind: operation == .listTagsForResource ? .read : .write
        )
    }

    /// Tags in the API's form, in the order of their keys.
    package static func list(of tags: [String: String]) -> SpecValue {
        .list(
            tags.sorted { $0.key < $1.key }
                .map { ["key": .string($0.key), "value": .string($0.value)] }
        )
    }

    private static func subject(_ verb: Operation.Verb, _ id: ResourceID) -> String {
        guard verb == .list else { return id.fullAddress }
        return id.kind == .mesh ? "" : (id.container ?? id).fullAddress
    }

    private static func path(
        of operation: Operation,
        _ id: ResourceID
    ) throws(AWSError) -> String {
        var path = Operation.pathPrefix
        for segment in operation.path {
            path += "/"
            guard segment.hasPrefix("{") else {
                path += segment
                continue
            }
            let name = name(for: segment.dropFirst().dropLast(), id)
            guard name != ".", name != "..", !name.isEmpty else {
                throw AWSError(
                    operation: operation.name,
                    subject: id.fullAddress,
                    code: .invalid,
                    message: "the name '\(name)' cannot stand in a path"
                )
            }
            path += URIEncoding.encode(name)
        }
        return path
    }

    private static func name(for member: Substring, _ id: ResourceID) -> String {
        switch String(member) {
        case id.kind.nameMember: id.name
        case Kind.mesh.nameMember: id.mesh
        default: id.parent ?? ""
        }
    }

    private static func body(
        of operation: Operation,
        _ id: ResourceID,
        _ content: Content
    ) -> SpecValue? {
        guard operation.takesClientToken else { return nil }
        var members: [String: SpecValue] = [:]
        if let token = content.clientToken { members["clientToken"] = .string(token) }
        if let spec = content.spec { members["spec"] = spec }
        if operation == .resource(.create, id.kind) {
            members[id.kind.nameMember] = .string(id.name)
            if !content.tags.isEmpty { members["tags"] = list(of: content.tags) }
        }
        return .object(members)
    }
}
