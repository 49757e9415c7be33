import MeshModel

/// Puts the moves into the three phases: expand, then what serves traffic, then contract.
struct Phases {
    let input: PlanInput
    let moves: [ResourceID: Move]
    let stages: [ResourceID: Stages]
    private let ports: RoutePorts
    private let paths: GatePaths
    private let deleteNeeds: [ResourceID: Set<ResourceID>]
    let targets: [ResourceID: Set<ResourceID>]
    private(set) var shifts: [Shift] = []

    init(_ decisions: Decisions) {
        input = decisions.input
        moves = decisions.moves
        let ports = RoutePorts(decisions)
        self.ports = ports
        let hurried = Self.nodesWaitedForLess(decisions)
        stages = moves.mapValues { move in
            Stages(move, ports, lowersTimeouts: hurried.contains(move.id))
        }
        paths = GatePaths(decisions)
        deleteNeeds = Self.needsOfDeletes(decisions.moves)
        targets = Self.targetsOfRoutes(decisions.moves)
        shifts = moves.keys.sorted().compactMap(shift)
    }

    var expand: [Wave] {
        let operations = moves.values.compactMap { move -> Schedule.Operation? in
            let stage = stages[move.id]
            if move.action == .create, let body = stage?.main {
                return Schedule.Operation(
                    write: create(move, body),
                    rollback: nil,
                    needs: needsOfCreate(move, body)
                )
            }
            guard let body = stage?.expand, let live = move.live else { return nil }
            return operation(
                move,
                body,
                replacing: live.spec,
                expects: live.version,
                undo: move.isCorrection ? nil : move.baseline,
                needs: needsOfExpansion(move)
            )
        }
        return Schedule.levels(operations).flatMap { paths.waves($0, .before) }
    }

    /// Updates of what serves traffic.
    ///
    /// What serves no policy's route, puts drift right because somebody asked, or returns to its
    /// baseline goes first: no gate holds it up, and none takes it back. A correction that gates
    /// judge has a wave of its own, so that nothing else goes back when it fails.
    var inPlace: [Wave] {
        let shifted = Set(shifts.map(\.route))
        let operations = moves.values.compactMap { move -> Schedule.Operation? in
            guard move.action == .update, !shifted.contains(move.id), let live = move.live,
                let body = stages[move.id]?.main
            else { return nil }
            let expanded = stages[move.id]?.expand
            return operation(
                move,
                body,
                replacing: expanded ?? live.spec,
                expects: expanded == nil ? live.version : nil,
                undo: undo(of: move, after: expanded),
                needs: needsOfUpdate(move)
            )
        }
        return Schedule.levels(operations).flatMap { paths.waves($0, .before) }
    }

    var contract: [Wave] {
        let operations = moves.values.compactMap { move -> Schedule.Operation? in
            if move.action == .delete, let live = move.live {
                let expanded = stages[move.id]?.expand
                let write = Write(
                    resource: move.id,
                    action: .delete,
                    body: nil,
                    before: expanded ?? live.spec,
                    expects: expanded == nil ? live.version : nil
                )
                return Schedule.Operation(
                    write: write,
                    rollback: nil,
                    needs: deleteNeeds[move.id] ?? []
                )
            }
            guard let stage = stages[move.id], let body = stage.contract else { return nil }
            guard let previous = stage.main ?? stage.expand ?? move.live?.spec else { return nil }
            let isFirst = stage.main == nil && stage.expand == nil
            return operation(
                move,
                body,
                replacing: previous,
                expects: isFirst ? move.live?.version : nil,
                undo: move.isCorrection ? nil : isFirst ? move.baseline : previous,
                needs: needsOfContraction(move.id)
            )
        }
        return Schedule.levels(operations).flatMap { paths.waves($0, .after) }
    }

    private func shift(_ id: ResourceID) -> Shift? {
        guard let move = moves[id], let live = move.live, let goal = move.goal else { return nil }
        let stage = stages[id]
        let path = RoutePath(
            move,
            to: stage?.main ?? ports.naming(.desired, in: goal, of: id),
            ports,
            policy: paths.policy(for: id),
            maxStep: input.guardrails.maxStep
        )
        guard let path, let last = path.steps.last else { return nil }
        return Shift(
            route: id,
            policy: path.policy,
            baseline: path.baseline,
            desired: last.body,
            before: stage?.expand ?? live.spec,
            expects: stage?.expand == nil ? live.version : nil,
            steps: path.steps
        )
    }

    /// The accepted body, with what expand has put in place and others may rely on by then.
    ///
    /// Of a correction it is what is live: someone else's, and not accepted by that.
    private func undo(of move: Move, after expanded: SpecValue?) -> SpecValue? {
        guard !move.isCorrection else {
            return move.isJudged ? expanded ?? move.live?.spec : nil
        }
        guard let baseline = move.baseline else { return nil }
        if let expanded, let live = move.live,
            Schema.equal(live.spec, baseline, as: move.id.kind)
        {
            return expanded
        }
        return ports.naming(.live, in: baseline, of: move.id)
    }

    private func create(_ move: Move, _ body: SpecValue) -> Write {
        Write(
            resource: move.id,
            action: .create,
            body: body,
            before: nil,
            expects: nil,
            tags: [
                OwnerTag.owner: input.ledgerID,
                OwnerTag.commit: input.revision.commit,
            ],
            isCorrection: move.isCorrection
        )
    }

    private func operation(
        _ move: Move,
        _ body: SpecValue,
        replacing before: SpecValue,
        expects: LiveVersion?,
        undo: SpecValue?,
        needs: Set<ResourceID>
    ) -> Schedule.Operation {
        let write = Write(
            resource: move.id,
            action: .update,
            body: body,
            before: before,
            expects: expects,
            isCorrection: move.isCorrection
        )
        guard let undo, !Schema.equal(undo, body, as: move.id.kind) else {
            return Schedule.Operation(write: write, rollback: nil, needs: needs)
        }
        let rollback = Write(
            resource: move.id,
            action: .update,
            body: undo,
            before: body,
            expects: nil,
            isCorrection: move.isCorrection
        )
        return Schedule.Operation(write: write, rollback: rollback, needs: needs)
    }
}
