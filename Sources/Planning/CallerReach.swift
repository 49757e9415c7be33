import MeshModel

/// How far a change could be felt: the callers whose traffic passes a resource, now or in the end.
///
/// Callers are virtual nodes with a backend, and virtual gateways with a route, that lead there.
struct CallerReach {
    /// Who names whom, softly too: a backend need not exist.
    private var namers: [ResourceID: Set<ResourceID>] = [:]
    private var callers: Set<ResourceID> = []

    init(_ bodies: [ResourceID: SpecValue]...) {
        for (id, body) in bodies.joined() {
            if Self.isCaller(id) { callers.insert(id) }
            for reference in References.of(body, id) {
                namers[reference.target, default: []].insert(id)
            }
        }
    }

    /// A gateway counts among its own callers: who comes from outside is nowhere else.
    func count(of id: ResourceID) -> Int {
        guard id.kind != .mesh else { return callers.count }
        var reached: Set<ResourceID> = [id]
        var rest = [id]
        while let next = rest.popLast() {
            guard next == id || !Self.isCaller(next) else { continue }
            let container = next.kind == .route || next.kind == .gatewayRoute ? next.container : nil
            for other in (namers[next] ?? []).union([container].compactMap { $0 })
            where reached.insert(other).inserted {
                rest.append(other)
            }
        }
        return reached.count { Self.isCaller($0) && ($0 != id || id.kind == .virtualGateway) }
    }

    private static func isCaller(_ id: ResourceID) -> Bool {
        id.kind == .virtualNode || id.kind == .virtualGateway
    }
}
