import Dispatch
import FoundationEssentials
import MeshModel
import Synchronization

/// Holds the catalog and keeps it in step with the store: reads never wait, writes go one by one.
///
/// Writes run on a queue of their own, because a commit blocks and the cooperative pool must not.
final class CatalogKeeper: Sendable {
    /// Reads the catalog; answers, and says what becomes of it.
    typealias Decide<Answer> = @Sendable (Catalog) throws(Refusal) -> (Answer, [Catalog.Change])

    private struct State {
        var catalog: Catalog
        var revision: Int64
    }

    private let state: Mutex<State>
    private let store: any MeshStore
    private let writes = DispatchQueue(label: "plumbline.localmesh.writes")

    init(_ store: any MeshStore) throws {
        self.store = store
        let state = try Self.load(store)
        self.state = Mutex(state)
    }

    /// The catalog as it stands.
    var catalog: Catalog { state.withLock { $0.catalog } }

    /// Decides on the newest catalog and makes the changes durable before it answers.
    func write<Answer: Sendable>(
        _ decide: @escaping Decide<Answer>
    ) async -> Result<Answer, Refusal> {
        await withCheckedContinuation { continuation in
            writes.async { continuation.resume(returning: self.commit(decide)) }
        }
    }

    private func commit<Answer>(_ decide: Decide<Answer>) -> Result<Answer, Refusal> {
        // Only another server on the same store can move the revision under us.
        for _ in 0..<10 {
            do {
                let (answer, changes, revision) = try attempt(decide)
                guard !changes.isEmpty else { return .success(answer) }
                guard let revision else {
                    let reloaded = try Self.load(store)
                    state.withLock { $0 = reloaded }
                    continue
                }
                state.withLock { state in
                    state.catalog.apply(changes)
                    state.revision = revision
                }
                return .success(answer)
            } catch let refusal as Refusal {
                return .failure(refusal)
            } catch {
                return .failure(Refusal(.serviceUnavailable, "\(error)"))
            }
        }
        return .failure(Refusal(.serviceUnavailable, "The mesh's state changes too fast"))
    }

    /// The snapshot of the catalog ends with this call, so that `apply` copies nothing.
    private func attempt<Answer>(
        _ decide: Decide<Answer>
    ) throws -> (Answer, [Catalog.Change], Int64?) {
        let (catalog, revision) = state.withLock { ($0.catalog, $0.revision) }
        let (answer, changes) = try decide(catalog)
        guard !changes.isEmpty else { return (answer, [], nil) }
        return (answer, changes, try store.commit(changes.map(Self.encode), at: revision))
    }
}

extension CatalogKeeper {
    private static let resourcePrefix = "resource/"
    private static let tokenPrefix = "token/"

    private static func load(_ store: any MeshStore) throws -> State {
        let content = try store.load()
        var catalog = Catalog()
        let decoder = JSONDecoder()
        for (key, value) in content.values {
            do {
                if key.hasPrefix(resourcePrefix) {
                    let resource = try decoder.decode(StoredResource.self, from: Data(value))
                    catalog.apply([.put(resource)])
                } else if key.hasPrefix(tokenPrefix) {
                    let write = try decoder.decode(RememberedWrite.self, from: Data(value))
                    catalog.apply([.remember(write)])
                }
            } catch {
                throw StoreError("Read the mesh's state: entry '\(key)' is not what was written")
            }
        }
        return State(catalog: catalog, revision: content.revision)
    }

    private static func encode(_ change: Catalog.Change) throws -> StoreChange {
        let encoder = JSONEncoder()
        switch change {
        case .put(let resource):
            let value = try encoder.encode(resource)
            return .put(key: resourcePrefix + resource.id.fullAddress, value: Array(value))
        case .remove(let id):
            return .delete(key: resourcePrefix + id.fullAddress)
        case .remember(let write):
            return .put(key: tokenPrefix + write.token, value: Array(try encoder.encode(write)))
        case .forget(let token):
            return .delete(key: tokenPrefix + token)
        }
    }
}
