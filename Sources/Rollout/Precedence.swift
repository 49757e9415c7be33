import MeshModel
import Planning

/// Which waves a route waits for before it begins: those that concern it, and short ones.
///
/// Independent routes move independently (`semantics` §4): the soak of one is no delay of another.
extension Wave {
    /// Whether it changes what the route's requests pass, now or in the end.
    func concerns(_ shift: Shift) -> Bool {
        let path = Set(shift.targets + [shift.route] + [shift.route.container].compactMap(\.self))
        // Gates name every route with gates on whose path a write lies.
        let isToldByGates = !gates.isEmpty && !(shift.policy?.gates.isEmpty ?? true)
        return gates.contains { $0.route == shift.route }
            || writes.contains { write in
                switch write.resource.kind {
                case .virtualNode, .virtualRouter, .route: path.contains(write.resource)
                case .mesh, .virtualService, .virtualGateway, .gatewayRoute:
                    write.action == .update && !isToldByGates
                }
            }
    }
}

extension Shift {
    /// What the route sends requests to, or will.
    var targets: [ResourceID] {
        [baseline, desired].flatMap { References.of($0, route).map(\.target) }
    }

    /// Whether it may begin with these waves still ahead.
    ///
    /// What waits for gates that do not concern it may take for ever, where every newer commit
    /// changes that again; what has no gates is over soon.
    func mayBegin(before waves: [Wave]) -> Bool {
        !(waves.first?.gates.isEmpty ?? false) && !waves.contains { $0.concerns(self) }
    }

    /// Whether it begins as soon as waves are written, with none of them to wait for its gates.
    func beginsSoon(after waves: [Wave]) -> Bool {
        mayBegin(before: Array(waves.drop(while: \.gates.isEmpty)))
    }
}

extension RolloutMachine {
    /// The waves before the shifts that are not through yet, the present one among them.
    var wavesAhead: [Wave] {
        switch progress.stage {
        case .waves(.expand, let index): plan.expand.dropFirst(index) + plan.inPlace
        case .waves(.inPlace, let index): Array(plan.inPlace.dropFirst(index))
        case .waves(.contract, _), .shifts, .ready, .ended: []
        }
    }
}
