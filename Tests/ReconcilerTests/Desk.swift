import AWSClient
import MeshModel
import Reconciler
import Testing

@testable import ControlAPI
@testable import plumbline

/// The API's side of one loop, without its port.
struct Desk: Sendable {
    let loop: TargetLoop
    let control: LiveControl

    func say(_ command: ControlCommand) async throws -> ControlOutcome {
        let caller = ControlCaller(name: "ada", role: .operator)
        let call = ControlCall(caller: caller, target: "staging", command: command)
        return try await control.perform(call)
    }

    /// Why a command is refused; nothing where it is not.
    func refusal(of command: ControlCommand) async throws -> String? {
        guard case .refused(let reason) = try await say(command) else { return nil }
        return reason
    }

    /// Has a commit planned; answers the plan's id.
    func plan(_ revision: Revision) async throws -> String {
        let outcome = try await say(.plan(.commit(revision.commit)))
        guard case .accepted(let plan) = outcome else {
            Issue.record("\(outcome)")
            return ""
        }
        return try #require(plan["id"]?.text)
    }
}

extension World {
    /// Runs a loop behind its API while the body asks.
    func asked<Value: Sendable>(
        _ policy: LoopPolicy,
        _ body: @escaping @Sendable (Desk) async throws -> Value
    ) async throws -> Value {
        try await process { process in
            let loop = TargetLoop(process.reconciliation, policy: policy, name: "staging")
            let live = LiveLoop(
                loop: loop,
                board: RolloutBoard(showing: RolloutStatus(), beside: process.journal),
                calls: CallCounter()
            )
            let control = LiveControl(
                loops: [live],
                ledger: process.ledger,
                folder: folder,
                webhooks: nil,
                tally: EventTally()
            )
            let stop = StopWish()
            async let running: Void = loop.run(until: stop)
            let value = try await body(Desk(loop: loop, control: control))
            stop.make()
            await running
            return value
        }
    }
}
