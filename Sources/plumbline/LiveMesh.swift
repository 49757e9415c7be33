import AWSClient
import AWSMesh
import MeshModel
import Planning
import Reconciler
import Rollout

/// The live mesh behind an App Mesh endpoint.
struct LiveMesh: MeshReader, MeshWriter {
    let client: AppMeshClient
    /// The account that the target's settings name; another one is refused.
    let expectedAccount: String?
    /// Asks whose credentials these are, where that can be known before the first write.
    let identity: ServiceClient?

    func scan(mesh: String, isKnown: Bool, mayBeGone: Bool) async throws -> MeshState {
        try await client.scan(mesh: mesh, isKnown: isKnown, mayBeGone: mayBeGone)
    }

    func account(of live: MeshState) async throws -> String? {
        if let place = MeshPlace(of: live) {
            let mismatch = place.mismatch(account: expectedAccount, region: client.region)
            if let mismatch { throw WrongPlace(description: mismatch) }
            return place.account
        }
        guard let identity else { return nil }
        let caller = try await CallerIdentity.current(identity)
        let place = MeshPlace(account: caller.account, region: client.region)
        let mismatch = place.mismatch(account: expectedAccount, region: nil)
        if let mismatch { throw WrongPlace(description: mismatch) }
        return caller.account
    }

    func observe(_ id: ResourceID) async -> Observation {
        do {
            return try await client.describe(id).map { .present($0) } ?? .absent
        } catch { return .unavailable(error.description) }
    }

    func tags(of resource: LiveResource) async throws -> [String: String] {
        try await client.tags(of: resource.arn)
    }

    func tag(_ resource: LiveResource, with tags: [String: String]) async throws {
        try await client.tag(resource.arn, with: tags)
    }

    func send(_ write: Write, clientToken: String?, isUrgent: Bool) async -> Answer {
        do {
            let acknowledgement = try await acknowledged(write, clientToken, isUrgent)
            return .acknowledged(requestID: acknowledgement?.requestID)
        } catch {
            let message = error.description
            return switch WriteFailure(error) {
            case .uncertain: .uncertain(message)
            case .notFound: .notFound(message)
            case .inUse: .inUse(message)
            case .refused: .refused(message)
            }
        }
    }

    private func acknowledged(
        _ write: Write,
        _ clientToken: String?,
        _ isUrgent: Bool
    ) async throws(AWSError) -> Acknowledgement? {
        let id = write.resource
        switch (write.action, write.body) {
        case (.create, .some(let body)):
            return try await client.create(
                id,
                spec: body,
                tags: write.tags,
                clientToken: clientToken,
                isUrgent: isUrgent
            )
        case (.update, .some(let body)):
            return try await client.update(
                id,
                spec: body,
                clientToken: clientToken,
                isUrgent: isUrgent
            )
        case (.delete, _): return try await client.delete(id, isUrgent: isUrgent)
        case (.create, .none), (.update, .none), (.none, _): return nil
        }
    }
}

/// The credentials reach another account or region than the target means.
struct WrongPlace: Error, CustomStringConvertible {
    let description: String
}
