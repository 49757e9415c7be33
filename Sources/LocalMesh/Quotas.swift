package import MeshModel

/// How many of each there may be: the defaults of App Mesh's service quotas, each adjustable.
package struct Quotas: Hashable, Sendable {
    private var limits: [Kind: Int]
    /// Backends of one virtual node (L-8775AB18).
    private(set) var backends: Int

    package init() {
        backends = 50
        limits = [
            .mesh: 15,  // L-AC861A39, per account
            .virtualNode: 200,  // L-E043DFB4, per mesh like the next three
            .virtualRouter: 200,  // L-50F6C35A
            .virtualService: 200,  // L-DA7495A7
            .virtualGateway: 3,  // L-87E74146
            .route: 50,  // L-BB90B7FF, per virtual router
            .gatewayRoute: 10,  // L-F6F26D09, per virtual gateway
        ]
    }

    /// The same limit for everything, for meshes larger than AWS allowed.
    package static func all(_ limit: Int) -> Quotas {
        var quotas = Quotas()
        quotas.backends = limit
        for kind in Kind.allCases { quotas.limits[kind] = limit }
        return quotas
    }

    /// Reads `VirtualNode=500` or `Backend=100`, in any case of letters; says what it expects
    /// where it cannot.
    package mutating func set(_ text: String) throws(OptionError) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let limit = Int(parts[1]), limit >= 0 else {
            throw OptionError("Quota '\(text)' is not of the form KIND=N, such as VirtualNode=500")
        }
        let name = parts[0].lowercased()
        if name == "backend" {
            backends = limit
        } else if let kind = Kind.allCases.first(where: { $0.rawValue.lowercased() == name }) {
            limits[kind] = limit
        } else {
            let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw OptionError("Quota '\(parts[0])' is not known; one of \(kinds), Backend")
        }
    }

    package subscript(kind: Kind) -> Int { limits[kind] ?? .max }

    /// Refuses one more resource where its collection is full.
    func check(_ id: ResourceID, among count: Int) throws(Refusal) {
        let limit = self[id.kind]
        guard count >= limit else { return }
        let place =
            switch id.kind {
            case .mesh: "account"
            case .route: "virtual router"
            case .gatewayRoute: "virtual gateway"
            case .virtualNode, .virtualRouter, .virtualService, .virtualGateway: "mesh"
            }
        throw Refusal(
            .limitExceeded,
            "You've reached the limit on number of \(id.kind.plural)(\(limit)) for the \(place)"
        )
    }

    /// Refuses a node with more backends than there may be.
    func check(node spec: SpecValue) throws(Refusal) {
        let count = SpecFacts.backendCount(of: spec)
        guard count > backends else { return }
        throw Refusal(
            .limitExceeded,
            "You've reached the limit on number of Backends(\(backends)) for the VirtualNode"
        )
    }
}

/// An option that cannot be used as it stands, in words for whoever wrote it.
package struct OptionError: Error, Hashable, CustomStringConvertible {
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
}
