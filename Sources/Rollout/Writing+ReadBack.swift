import MeshModel
import Planning

/// What a read says about a write on its way, and what follows from it.
extension Writing {
    /// Whether something that is not visible has been granted all its time.
    private mutating func isMissingTooLong(_ now: Instant) -> Bool {
        let since = missingSince ?? now
        missingSince = since
        return now >= since + Patience.visibility
    }

    /// The re-read before the first send.
    mutating func checked(
        _ live: LiveResource?,
        _ write: Write,
        _ turn: inout Turn
    ) -> Settled? {
        if isAbandoned { return settle(.unsent, live) }
        guard let live else {
            switch write.action {
            case .create: ask(.send, write, &turn)
            case .delete: return settle(.done(nil, flapped: false), nil)
            case .update, .none:
                trouble = "it is not there"
                if isMissingTooLong(turn.now) {
                    return settle(.stranger("someone else deleted it"), nil)
                }
                wait(.check, &turn)
            }
            return nil
        }
        guard let version else {
            return settle(.stranger("someone else created it"), live)
        }
        if live.version == version {
            // A write that would change nothing cannot be told from one that was not applied.
            if let body = write.body, Schema.equal(live.spec, body, as: resource.kind) {
                return settle(.done(version, flapped: false), live)
            }
            ask(.send, write, &turn)
        } else if live.version.uid == version.uid, live.version.version < version.version {
            trouble = "only stale reads"
            wait(.check, &turn)
        } else if live.version.uid == version.uid, let body = write.body,
            Schema.equal(live.spec, body, as: resource.kind)
        {
            return settle(.done(live.version, flapped: true), live)
        } else {
            return settle(.stranger(moved(live, from: version)), live)
        }
        return nil
    }

    /// What somebody else did to a resource of which we know the version.
    func moved(_ live: LiveResource, from version: LiveVersion) -> String {
        live.version.uid == version.uid
            ? "someone else changed it: version \(live.version.version), "
                + "expected \(version.version)"
            : "someone else deleted and created it again"
    }

    /// The read-back table of `semantics` §7.
    mutating func verified(
        _ live: LiveResource?,
        _ write: Write,
        before: SpecValue?,
        _ next: Next,
        _ turn: inout Turn
    ) -> Settled? {
        switch ReadBack(of: live, after: write, before: before, version: version) {
        case .done(let flapped):
            if case .refused(let reason) = answer, write.action == .create, !isUncertain {
                return settle(.stranger("someone else created it: \(reason)"), live)
            }
            return settle(.done(live?.version, flapped: flapped), live)
        case .stale:
            trouble = "only stale reads"
            wait(next, &turn)
            return nil
        case .stranger:
            return settle(.stranger("someone else's body is live"), live)
        case .absent: return isAbsent(write, next, &turn)
        case .notApplied: return isNotApplied(live, write, next, &turn)
        }
    }

    private mutating func isAbsent(
        _ write: Write,
        _ next: Next,
        _ turn: inout Turn
    ) -> Settled? {
        if case .refused(let reason) = answer { return settle(.failed(reason), nil) }
        if write.action != .create {
            if isMissingTooLong(turn.now) {
                return settle(.stranger("someone else deleted it"), nil)
            }
            wait(next, &turn)
            return nil
        }
        guard case .acknowledged = answer else {
            return isAbandoned ? watch(nil, &turn) : again(nil, write, next, &turn)
        }
        if isMissingTooLong(turn.now) {
            return settle(.failed("created, and not visible after 120 s"), nil)
        }
        wait(.verify, &turn)
        return nil
    }

    private mutating func isNotApplied(
        _ live: LiveResource?,
        _ write: Write,
        _ next: Next,
        _ turn: inout Turn
    ) -> Settled? {
        if case .refused(let reason) = answer { return settle(.failed(reason), live) }
        if isAbandoned { return watch(live, &turn) }
        if case .acknowledged = answer {
            if next == .verify { swallowed += 1 }
            if swallowed >= Patience.swallowedSends {
                let reason = "acknowledged \(swallowed) times, and the old body is still live"
                return settle(.failed(reason), live)
            }
        }
        return again(live, write, next, &turn)
    }

    /// An abandoned send may still show up, or be hidden by a stale read; it is given the time.
    private mutating func watch(_ live: LiveResource?, _ turn: inout Turn) -> Settled? {
        if isMissingTooLong(turn.now) { return settle(isOverdue ? .failed(late) : .unsent, live) }
        wait(.verify, &turn)
        return nil
    }

    /// The same intent again: after a wait and a fresh look, so that no send follows an old read.
    private mutating func again(
        _ live: LiveResource?,
        _ write: Write,
        _ next: Next,
        _ turn: inout Turn
    ) -> Settled? {
        switch answer {
        case .notFound(let reason):
            if isMissingTooLong(turn.now) { return settle(.failed(reason), live) }
        case .inUse(let reason):
            if isMissingTooLong(turn.now) { return settle(.inUse(reason), live) }
        case .acknowledged, .uncertain, .refused, .none: break
        }
        if next == .check { ask(.send, write, &turn) } else { wait(.check, &turn) }
        return nil
    }

    mutating func confirmed(
        _ live: LiveResource?,
        _ write: Write,
        _ turn: inout Turn
    ) -> Settled? {
        guard let live else {
            guard !isMissingTooLong(turn.now) else {
                return settle(.stranger("someone else deleted it"), nil, isConfirmation: true)
            }
            wait(.confirm, &turn)
            return nil
        }
        switch ReadBack(of: live, after: write, before: nil, version: landed) {
        case .done:
            let flapped = live.version != landed
            return settle(.done(live.version, flapped: flapped), live, isConfirmation: true)
        case .stale:
            wait(.confirm, &turn)
            return nil
        case .absent, .notApplied, .stranger:
            let reason = "someone else's body is live"
            return settle(.stranger(reason), live, isConfirmation: true)
        }
    }
}
