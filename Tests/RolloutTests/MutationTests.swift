import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// Breaks the machine from outside, one bug at a time: the invariants must notice each of them.
struct MutationTests {
    /// The rules that the bug broke in the first seeds of a history.
    private func rulesBroken(_ history: History, _ tamper: Tamper) -> Set<String> {
        var rules: Set<String> = []
        for seed in 0..<24 as Range<UInt64> {
            var simulator = Simulator(seed: seed, history: history, tamper: tamper)
            if let violation = simulator.run() { rules.insert(violation.rule) }
        }
        return rules
    }

    @Test func believingAcknowledgements() {
        let tamper = Tamper(event: { event, writes in
            guard case .observed(let id, .present(let live)) = event, let body = writes[id]?.body
            else { return event }
            let believed = LiveResource(
                id: id,
                spec: body,
                version: live.version,
                arn: live.arn,
                meshOwner: live.meshOwner,
                resourceOwner: live.resourceOwner
            )
            return .observed(id, .present(believed))
        })
        #expect(rulesBroken(.lostAnswers, tamper).contains("recorded is live"))
    }

    @Test func takingTheEndOfASuspensionForAPersonsWord() {
        let tamper = Tamper(event: { event, _ in
            guard case .suspended(.lifted) = event else { return event }
            return .ordered(RolloutOrder(.resume, by: "nobody"))
        })
        #expect(rulesBroken(.pauses, tamper) == ["pause"])
    }

    @Test func writingWithoutAnIntent() {
        let tamper = Tamper(effects: { effects in
            effects.filter {
                if case .record(let entry, _) = $0 { entry.kind != .intent } else { true }
            }
        })
        #expect(rulesBroken(.sameDriftTwice, tamper) == ["intent before write"])
    }

    @Test func forgettingOutcomes() {
        let tamper = Tamper(effects: { effects in
            effects.filter {
                if case .record(let entry, _) = $0 { entry.kind != .outcome } else { true }
            }
        })
        #expect(
            !rulesBroken(.sameDriftTwice, tamper).isDisjoint(with: ["one outcome", "one wave"])
        )
    }

    @Test func takingAnInFlightValueForTheBaseline() {
        let tamper = Tamper(effects: { effects in
            effects.map { effect in
                guard case .record(let entry, let changes) = effect else { return effect }
                return .record(
                    entry,
                    changes.map { change in
                        guard case .applied(let id, let applied) = change else { return change }
                        let wrong = AppliedResource(
                            body: applied.body,
                            baseline: applied.body,
                            version: applied.version,
                            isInFlight: applied.isInFlight
                        )
                        return .applied(id, wrong)
                    }
                )
            }
        })
        #expect(rulesBroken(.commitAtHalf, tamper).contains("rollback target"))
    }

    @Test func goingBackToAStep() {
        let half = Shop.routeSpec([("checkout-v1", 50), ("checkout-v2-bad", 50)])
        let tamper = Tamper(effects: { $0.map { Self.replacingReturns(in: $0, with: half) } })
        let rules = rulesBroken(.unrelatedCommitAfterRollback, tamper)
        #expect(!rules.isDisjoint(with: ["rollback target", "bad stays small"]))
    }

    @Test func weightsThatDoNotSum() {
        let odd = Shop.routeSpec([("checkout-v1", 50), ("checkout-v2-bad", 5)])
        let tamper = Tamper(effects: { $0.map { Self.replacingSteps(in: $0, with: odd) } })
        #expect(rulesBroken(.unrelatedCommitAfterRollback, tamper).contains("weights sum"))
    }

    @Test func believingEveryGate() {
        let tamper = Tamper(event: { event, _ in
            guard case .measured(let id, .counters(_, let total)) = event else { return event }
            return .measured(id, .counters(good: total, total: total))
        })
        #expect(rulesBroken(.unrelatedCommitAfterRollback, tamper).contains("bad stays small"))
    }

    @Test func goingOnAfterAFailedGate() {
        let tamper = Tamper(effects: { effects in
            effects.map { effect in
                guard case .record(let entry, let changes) = effect, entry.kind == .verdict else {
                    return effect
                }
                let failed: SpecValue = .object(
                    (entry.payload.members ?? [:]).merging(["verdict": "fail"]) { _, new in new }
                )
                return .record(LedgerEntry(.verdict, payload: failed), changes)
            }
        })
        #expect(rulesBroken(.commitAtHalf, tamper).contains("a failed gate"))
    }

    @Test func oneTokenForEqualBodies() {
        let tamper = Tamper(token: { _, write in
            "\(write.resource) \(write.body?.json ?? "")"
        })
        #expect(rulesBroken(.sameDriftTwice, tamper).contains("token swallowed"))
    }

    @Test func deletingWhatIsNotOurs() {
        let stranger = Shop.node("legacy")
        let tamper = Tamper(effects: { effects in
            guard effects.contains(where: { if case .finished = $0 { true } else { false } }) else {
                return effects
            }
            let write = Write(
                resource: stranger,
                action: .delete,
                body: nil,
                before: nil,
                expects: nil
            )
            let intent = LedgerEntry(.intent, resource: stranger, intent: "x")
            return [.record(intent, []), .send(intent: "x", write, isUrgent: false)] + effects
        })
        #expect(rulesBroken(.sameDriftTwice, tamper).contains("never the unowned"))
    }

    @Test func twoWavesAtOnce() {
        let tamper = Tamper(effects: { effects in
            effects.flatMap { effect -> [Effect] in
                guard case .record(let entry, _) = effect, entry.kind == .intent else {
                    return [effect]
                }
                let payload: SpecValue = ["phase": "contract", "wave": 9]
                let other = LedgerEntry(
                    .intent,
                    resource: entry.resource,
                    intent: "other-\(entry.intent ?? "")",
                    payload: payload
                )
                return [effect, .record(other, [])]
            }
        })
        #expect(rulesBroken(.sameDriftTwice, tamper).contains("one wave"))
    }

    @Test func sleepingForEver() {
        let tamper = Tamper(event: { event, _ in event == .woke ? nil : event })
        #expect(rulesBroken(.commitAtHalf, tamper).contains("liveness"))
    }

    @Test func goingBackInTime() {
        let first = Commit(1, [:]).revision.description
        let tamper = Tamper(effects: { effects in
            effects.map { effect in
                guard case .record(let entry, let changes) = effect, entry.kind == .intent,
                    entry.step == 50
                else { return effect }
                let payload: SpecValue = .object(
                    (entry.payload.members ?? [:])
                        .merging(["revision": .string(first)]) { _, new in new }
                )
                return .record(Self.copy(entry, after: entry.after, payload: payload), changes)
            }
        })
        #expect(rulesBroken(.commitAtHalf, tamper).contains("no older revision"))
    }

    private static func replacingReturns(in effect: Effect, with body: SpecValue) -> Effect {
        replacing(in: effect, with: body) {
            $0.payload.members?["ahead"] == true
        } send: {
            $0.body == Shop.routeSpec([("checkout-v1", 100)])
        }
    }

    private static func replacingSteps(in effect: Effect, with body: SpecValue) -> Effect {
        replacing(in: effect, with: body) {
            $0.step == 10
        } send: { _ in
            true
        }
    }

    private static func replacing(
        in effect: Effect,
        with body: SpecValue,
        record: (LedgerEntry) -> Bool,
        send: (Write) -> Bool
    ) -> Effect {
        let route = Shop.route("checkout")
        switch effect {
        case .record(let entry, let changes)
        where entry.kind == .intent && entry.resource == route && record(entry):
            return .record(copy(entry, after: body, payload: entry.payload), changes)
        case .send(let intent, let write, let isUrgent)
        where write.resource == route && write.action == .update && send(write):
            let wrong = Write(
                resource: route,
                action: .update,
                body: body,
                before: write.before,
                expects: write.expects
            )
            return .send(intent: intent, wrong, isUrgent: isUrgent)
        default: return effect
        }
    }

    private static func copy(
        _ entry: LedgerEntry,
        after: SpecValue?,
        payload: SpecValue
    ) -> LedgerEntry {
        LedgerEntry(
            entry.kind,
            resource: entry.resource,
            plan: entry.plan,
            step: entry.step,
            intent: entry.intent,
            requestID: entry.requestID,
            before: entry.before,
            after: after,
            payload: payload
        )
    }
}
