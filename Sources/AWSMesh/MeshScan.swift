import AWSClient
package import MeshModel

extension AppMeshClient {
    /// All resources of a mesh, or none where the mesh is not there yet.
    ///
    /// Lists come before describes: only what changed since the last scan is described, so a scan
    /// in which nothing moved costs the pages of the lists, one list per router and gateway, and no
    /// describe. A mesh that was there before, or that `isKnown` says the ledger knows, and is not
    /// found now is `gone`: an answer that must never be read as "everything was deleted", unless
    /// a person has said that it `mayBeGone`.
    package func scan(
        mesh: String,
        isKnown: Bool = false,
        mayBeGone: Bool = false
    ) async throws(MeshUnavailable) -> MeshState {
        do throws(AWSError) {
            guard let found = try await find(mesh: mesh) else {
                let wasSeen = await !cache.known(in: mesh).isEmpty
                guard mayBeGone || !(isKnown || wasSeen) else { throw missing(mesh) }
                await cache.forget(.mesh(mesh))
                return MeshState(mesh: mesh, resources: [:])
            }
            let items = [found] + (try await listed(in: mesh))
            let resources = try await resources(of: items, in: mesh)
            guard resources[found.id] != nil else { throw missing(mesh) }
            return MeshState(mesh: mesh, resources: resources)
        } catch {
            throw MeshUnavailable(mesh: mesh, endpoint: endpoint.description, cause: error)
        }
    }

    /// Names of all meshes that the endpoint shows to these credentials.
    package func meshes() async throws(MeshUnavailable) -> [String] {
        do {
            return try await meshItems().map(\.id.name).sorted()
        } catch {
            throw MeshUnavailable(mesh: "*", endpoint: endpoint.description, cause: error)
        }
    }

    /// The mesh's list item; a mesh that is not listed is asked for by name before it is missing.
    private func find(mesh: String) async throws(AWSError) -> ListedItem? {
        let found = try await meshItems()
            .first { item in
                item.id.mesh == mesh && (meshOwner == nil || meshOwner == item.stamp.meshOwner)
            }
        if let found { return found }
        guard let resource = try await describe(.mesh(mesh)) else { return nil }
        let stamp = Stamp(
            arn: resource.arn,
            version: resource.version.version,
            createdAt: nil,
            lastUpdatedAt: nil,
            meshOwner: resource.meshOwner,
            resourceOwner: resource.resourceOwner
        )
        return ListedItem(id: resource.id, stamp: stamp)
    }

    private func meshItems() async throws(AWSError) -> [ListedItem] {
        let items = try await pages(
            of: Kind.mesh.listMember,
            as: ListedDocument.self
        ) { query throws(AWSError) in
            try MeshRequest.resource(.list, .mesh("*"), MeshRequest.Content(query: query))
        }
        return items.compactMap { item in
            item.names.meshID.map { ListedItem(id: $0, stamp: item.stamp) }
        }
    }

    /// Everything listed in the mesh: first what lives in it, then what lives in that.
    private func listed(in mesh: String) async throws(AWSError) -> [ListedItem] {
        let top = Kind.allCases.filter { $0 != .mesh && $0.parent == nil }
        let first = try await sideBySide(top) { kind throws(AWSError) in
            try await list(kind, in: .mesh(mesh))
        }
        .flatMap { $0 }
        let inner = Kind.allCases.flatMap { kind in
            first.filter { $0.id.kind == kind.parent }.map { (kind: kind, container: $0.id) }
        }
        let second = try await sideBySide(inner) { place throws(AWSError) in
            do throws(AWSError) {
                return try await list(place.kind, in: place.container)
            } catch {
                guard error.code == .notFound else { throw error }
                // The container went between its list and this one; so did all in it.
                return []
            }
        }
        return first + second.flatMap { $0 }
    }

    private func list(
        _ kind: Kind,
        in container: ResourceID
    ) async throws(AWSError) -> [ListedItem] {
        let parent = kind.parent == nil ? nil : container.name
        guard
            let anyone = ResourceID(mesh: container.mesh, kind: kind, parent: parent, name: "-")
        else { return [] }
        let documents = try await pages(
            of: kind.listMember,
            as: ListedDocument.self
        ) { query throws(AWSError) in
            let content = MeshRequest.Content(query: query)
            return try MeshRequest.resource(.list, anyone, content, meshOwner: meshOwner)
        }
        var newest: [ResourceID: ListedItem] = [:]
        for document in documents {
            guard let id = document.names.id(kind, in: container.mesh), id.parent == parent else {
                throw AWSError(
                    operation: Operation.resource(.list, kind).name,
                    subject: container.fullAddress,
                    code: .foreignAnswer,
                    message: "the list holds something that is not in it"
                )
            }
            // A list that shifts while it is paged may show an item twice.
            if let other = newest[id], other.stamp.version > document.stamp.version { continue }
            newest[id] = ListedItem(id: id, stamp: document.stamp)
        }
        return newest.values.sorted { $0.id < $1.id }
    }

    /// The resources behind list items: from the cache where nothing moved, else described.
    ///
    /// What we knew and the lists no longer show is asked for by name: lists may be stale, and
    /// absence is acted on.
    private func resources(
        of items: [ListedItem],
        in mesh: String
    ) async throws(AWSError) -> [ResourceID: LiveResource] {
        var resources: [ResourceID: LiveResource] = [:]
        var wanted: [(id: ResourceID, item: ListedItem?)] = []
        for item in items {
            if let unchanged = await cache.unchanged(item) {
                resources[item.id] = unchanged
            } else {
                wanted.append((id: item.id, item: item))
            }
        }
        let unlisted = await cache.known(in: mesh).subtracting(items.map(\.id)).sorted()
        wanted += unlisted.map { (id: $0, item: nil) }
        let described = try await sideBySide(wanted) { one throws(AWSError) in
            try await settled(one.id, listedAs: one.item)
        }
        for resource in described.compactMap({ $0 }) { resources[resource.id] = resource }
        return resources
    }

    /// Describes until the answer is not older than what we saw, a few times; then believes it.
    private func settled(
        _ id: ResourceID,
        listedAs item: ListedItem?
    ) async throws(AWSError) -> LiveResource? {
        for attempt in 1...3 {
            guard let resource = try await describe(id) else {
                // A mesh stays known: that it went is an alarm, and not for one scan only.
                if id.kind != .mesh { await cache.forget(id) }
                return nil
            }
            let isStale = await cache.isStale(resource)
            if attempt == 3 || !isStale {
                await cache.keep(resource, listedAs: item)
                return resource
            }
            do { try await timing.sleep(.milliseconds(250) * attempt) } catch {
                throw AWSError(operation: "Scan", subject: id.mesh, code: .cancelled, message: "")
            }
        }
        return nil
    }

    private func missing(_ mesh: String) -> AWSError {
        AWSError(
            operation: Operation.resource(.describe, .mesh).name,
            subject: ResourceID.mesh(mesh).fullAddress,
            code: .notFound,
            message: "a mesh that was there before is not found"
        )
    }

    /// Runs calls side by side, at most `width` at once; the first failure ends the rest.
    private func sideBySide<Input: Sendable, Output: Sendable>(
        _ inputs: [Input],
        _ call: @escaping @Sendable (Input) async throws(AWSError) -> Output
    ) async throws(AWSError) -> [Output] {
        let result = await withTaskGroup(of: Result<Output, AWSError>.self) { group in
            var outputs: [Output] = []
            var waiting = inputs.makeIterator()
            func startNext() {
                guard let input = waiting.next() else { return }
                group.addTask {
                    do throws(AWSError) { return .success(try await call(input)) } catch {
                        return .failure(error)
                    }
                }
            }
            for _ in 0..<width { startNext() }
            while let result = await group.next() {
                switch result {
                case .success(let output): outputs.append(output)
                case .failure(let error):
                    group.cancelAll()
                    return Result<[Output], AWSError>.failure(error)
                }
                startNext()
            }
            return .success(outputs)
        }
        return try result.get()
    }
}
