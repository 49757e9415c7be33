package import MeshModel

/// What a caller may make the agent do, with all that must be known to do it.
package enum ControlCommand: Hashable, Sendable {
    /// Looks at Git and the mesh now.
    case reconcile
    /// Reads the whole mesh now, to find drift; writes nothing.
    case scan
    /// Starts nothing for this target until released, or until the time in milliseconds since 1970.
    case hold(reason: String, until: Int64)
    /// Ends the operator's hold of the target, or with a glob the holds of content that fits it.
    ///
    /// With `acceptsRewind`, a branch that went back is followed from now on.
    case release(Glob?, acceptsRewind: Bool)
    /// Takes over live resources that the ledger does not know: those that fit, else all.
    ///
    /// With `fromTags`, an empty ledger takes over what the tags of a lost one name, and of the
    /// rest only what fits.
    case adopt(Glob?, fromTags: Bool)
    /// Creates again what is missing, more of it than the guardrail allows.
    case recreate
    /// Stays at the present step; with `freezes`, nothing is written, not even a way back.
    ///
    /// It ends at the time in milliseconds since 1970, where one is given; a freeze has one.
    case suspend(freezes: Bool, reason: String, until: Int64?)
    /// Ends what `suspend` began.
    case resume
    /// Goes back to what a commit declared, and holds the target there.
    case rollback(to: String, reason: String, until: Int64)

    /// Stays at the present step of the rollout, whose gates go on measuring.
    case pauseRollout
    case resumeRollout
    /// Ends the soak of the present step, whatever the gates still wait for.
    case promoteRollout
    /// Returns to the baseline and holds what was rolled out.
    case abortRollout

    /// Plans a revision, which makes nothing happen yet.
    case plan(CommitName)
    /// Lets a plan be carried out: its change digest for its target, and nothing else.
    case approve(plan: String)
    case reject(plan: String, reason: String)
    /// Carries out exactly this plan.
    case apply(plan: String)
}

extension ControlCommand {
    /// The command's word, as paths and records have it.
    package var word: String {
        switch self {
        case .reconcile: "reconcile"
        case .scan: "scan"
        case .hold: "hold"
        case .release: "release"
        case .adopt: "adopt"
        case .recreate: "recreate"
        case .suspend: "suspend"
        case .resume: "resume"
        case .rollback: "rollback"
        case .pauseRollout: "rolloutPause"
        case .resumeRollout: "rolloutResume"
        case .promoteRollout: "rolloutPromote"
        case .abortRollout: "rolloutAbort"
        case .plan: "plan"
        case .approve: "approve"
        case .reject: "reject"
        case .apply: "apply"
        }
    }

    /// What the command says beyond its word; what is not said is not there.
    package var details: [String: SpecValue] {
        switch self {
        case .hold(let reason, let until):
            ["reason": .string(reason), "until": .string(EventDate.text(until))]
        case .release(let glob, let acceptsRewind):
            (glob.map { ["resource": .string($0.pattern)] } ?? [:])
                .merging(acceptsRewind ? ["acceptRewind": true] : [:]) { first, _ in first }
        case .adopt(let glob, let fromTags):
            (glob.map { ["resource": .string($0.pattern)] } ?? [:])
                .merging(fromTags ? ["fromTags": true] : [:]) { first, _ in first }
        case .suspend(let freezes, let reason, let until):
            (freezes ? ["freeze": true] : [:])
                .merging(reason.isEmpty ? [:] : ["reason": .string(reason)]) { first, _ in first }
                .merging(until.map { ["until": .string(EventDate.text($0))] } ?? [:]) { first, _ in
                    first
                }
        case .rollback(let commit, let reason, let until):
            [
                "to": .string(commit), "reason": .string(reason),
                "until": .string(EventDate.text(until)),
            ]
        case .plan(.commit(let digits)): ["commit": .string(digits)]
        case .plan(.ref(let name)): ["ref": .string(name)]
        case .approve(let plan), .apply(let plan): ["plan": .string(plan)]
        case .reject(let plan, let reason): ["plan": .string(plan), "reason": .string(reason)]
        case .reconcile, .scan, .recreate, .resume, .pauseRollout, .resumeRollout, .promoteRollout,
            .abortRollout:
            [:]
        }
    }
}

/// A command, for whom, and by whom: what the ledger keeps of a call that changes something.
package struct ControlCall: Hashable, Sendable {
    package let caller: ControlCaller
    package let target: String
    package let command: ControlCommand

    /// What a record of the call says.
    package var payload: SpecValue {
        let common: [String: SpecValue] = [
            "command": .string(command.word), "caller": .string(caller.name),
            "role": .string(caller.role.rawValue),
        ]
        return .object(command.details.merging(common) { _, common in common })
    }
}

/// What became of a call.
package enum ControlOutcome: Hashable, Sendable {
    /// It is done, or will be; with what there is to tell of it.
    case accepted(SpecValue = .empty)
    /// It cannot be as things stand; the reason, without secrets, says what would have to change.
    case refused(String)
    /// What it needs does not answer now; the reason, without secrets, says what that is.
    case unavailable(String)
    /// There is no such commit, ref, plan or rollout.
    case unknown
}
