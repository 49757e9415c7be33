package import AWSClient
package import Logging
package import MeshModel

/// What the endpoint said to a write that it took.
///
/// It is an acknowledgement, not a fact: whoever needs to know reads the resource back.
package struct Acknowledgement: Sendable, Hashable {
    package let requestID: String?
    /// The version the endpoint says the resource has now; absent for a repeated delete.
    package let version: LiveVersion?
}

/// The App Mesh API of one endpoint: the 38 operations, and the scan of a mesh.
///
/// Facts: API model 2019-01-25. Answers are parsed totally, and never trusted further than they
/// go: an answer about another resource, or one that is no App Mesh answer, is an error.
package struct AppMeshClient: Sendable {
    /// Where the API is and how hard it may be asked.
    package struct Configuration: Sendable {
        package var service: ServiceClient.Configuration
        /// The account that owns a shared mesh; absent for the caller's own meshes.
        package var meshOwner: String?
        /// Shared by all clients of one account and region; absent: nothing is held back.
        package var budget: CallBudget?
        /// Calls under way at once during a scan.
        package var width = 8

        package init(
            region: String,
            endpoint: ServiceEndpoint,
            credentials: CredentialChain,
            meshOwner: String? = nil,
            budget: CallBudget? = nil
        ) {
            service = ServiceClient.Configuration(
                service: "appmesh",
                region: region,
                endpoint: endpoint,
                credentials: credentials
            )
            self.meshOwner = meshOwner
            self.budget = budget
        }
    }

    /// Pages of one list; a list that has not ended by then never will.
    static let mostPages = 1000

    package let counter: CallCounter
    package let endpoint: ServiceEndpoint
    package let region: String
    let service: ServiceClient
    let meshOwner: String?
    let width: Int
    let timing: Timing
    let cache = VersionCache()

    package init(
        _ configuration: Configuration,
        counter: CallCounter = CallCounter(),
        timing: Timing = .real,
        seed: UInt64 = .random(in: .min ... .max),
        logger: Logger = Logger(label: "appmesh")
    ) {
        service = ServiceClient(
            configuration.service,
            budget: configuration.budget,
            counter: counter,
            timing: timing,
            seed: seed,
            logger: logger
        )
        self.counter = counter
        endpoint = configuration.service.endpoint
        region = configuration.service.region
        meshOwner = configuration.meshOwner
        width = max(1, configuration.width)
        self.timing = timing
    }

    /// The resource as it is now, or nothing where it is not there.
    package func describe(_ id: ResourceID) async throws(AWSError) -> LiveResource? {
        let request = try MeshRequest.resource(.describe, id, meshOwner: meshOwner)
        do {
            return try resource(id, try await service.send(request), of: request)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// Creates a resource; the mesh and the parent must be there, references may be late.
    package func create(
        _ id: ResourceID,
        spec: SpecValue,
        tags: [String: String] = [:],
        clientToken: String?,
        isUrgent: Bool = false
    ) async throws(AWSError) -> Acknowledgement {
        let content = MeshRequest.Content(
            spec: spec,
            tags: tags,
            clientToken: clientToken,
            isUrgent: isUrgent
        )
        return try await write(.create, id, content)
    }

    /// Replaces the whole spec of a resource; what the new one leaves out is gone.
    package func update(
        _ id: ResourceID,
        spec: SpecValue,
        clientToken: String?,
        isUrgent: Bool = false
    ) async throws(AWSError) -> Acknowledgement {
        let content = MeshRequest.Content(spec: spec, clientToken: clientToken, isUrgent: isUrgent)
        return try await write(.update, id, content)
    }

    /// Deletes a resource; one that is not there counts as deleted, so a repeat is safe.
    package func delete(
        _ id: ResourceID,
        isUrgent: Bool = false
    ) async throws(AWSError) -> Acknowledgement {
        let acknowledgement: Acknowledgement
        do {
            let content = MeshRequest.Content(isUrgent: isUrgent)
            acknowledgement = try await write(.delete, id, content)
        } catch {
            guard error.code == .notFound else { throw error }
            acknowledgement = Acknowledgement(requestID: error.requestID, version: nil)
        }
        await cache.forget(id)
        return acknowledgement
    }

    /// All tags of whatever has this ARN.
    package func tags(of arn: String) async throws(AWSError) -> [String: String] {
        let operation = Operation.listTagsForResource
        let items = try await pages(of: "tags", as: TagDocument.self) { query in
            MeshRequest.tags(operation, arn: arn, query: query)
        }
        return Dictionary(items.map { ($0.key, $0.value ?? "") }) { _, last in last }
    }

    /// Adds tags, or replaces their values; other tags stay.
    package func tag(_ arn: String, with tags: [String: String]) async throws(AWSError) {
        let body = SpecValue.object(["tags": MeshRequest.list(of: tags)])
        _ = try await service.send(MeshRequest.tags(.tagResource, arn: arn, body: body))
    }

    /// Removes tags by their keys.
    package func untag(_ arn: String, keys: [String]) async throws(AWSError) {
        let body = SpecValue.object(["tagKeys": .list(keys.sorted().map { .string($0) })])
        _ = try await service.send(MeshRequest.tags(.untagResource, arn: arn, body: body))
    }

    private func write(
        _ verb: Operation.Verb,
        _ id: ResourceID,
        _ content: MeshRequest.Content
    ) async throws(AWSError) -> Acknowledgement {
        let request = try MeshRequest.resource(verb, id, content, meshOwner: meshOwner)
        await cache.distrust(id)
        let answer = try await service.send(request)
        let document = try answer.document(ResourceDocument.self, of: request)
        guard document.names.identify(id) else {
            throw answer.foreign(request, "the answer is about another resource")
        }
        let version = LiveVersion(uid: document.uid, version: document.stamp.version)
        if verb != .delete { await cache.saw(version, of: id) }
        return Acknowledgement(requestID: answer.requestID, version: version)
    }

    private func resource(
        _ id: ResourceID,
        _ answer: ServiceAnswer,
        of request: ServiceRequest
    ) throws(AWSError) -> LiveResource? {
        let document = try answer.document(ResourceDocument.self, of: request)
        do { return try document.resource(id) } catch {
            throw answer.foreign(request, "the answer is about another resource")
        }
    }

    /// All pages of a list; neither a short page nor an empty one ends it, only a missing token.
    ///
    /// A token that comes twice would go round for ever, so it is an error.
    func pages<Item: Decodable & Sendable>(
        of member: String,
        as type: Item.Type,
        request: ([(name: String, value: String)]) throws(AWSError) -> ServiceRequest
    ) async throws(AWSError) -> [Item] {
        var items: [Item] = []
        var query: [(name: String, value: String)] = []
        var tokens: Set<String> = []
        for _ in 0..<Self.mostPages {
            let request = try request(query)
            let answer = try await service.send(request)
            let page = try answer.document(Page<Item>.self, of: request)
            guard let found = page.items(member) else {
                throw answer.foreign(request, "the body has no list '\(member)'")
            }
            items += found
            guard let token = page.nextToken else { return items }
            guard tokens.insert(token).inserted else {
                throw answer.foreign(request, "a page names itself as the next one")
            }
            query = [(name: "nextToken", value: token)]
        }
        throw AWSError(
            operation: "List",
            subject: member,
            code: .foreignAnswer,
            message: "the list has more than \(Self.mostPages) pages"
        )
    }
}
