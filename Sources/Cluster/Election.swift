import MeshModel

/// What a lease promises, to the others and to us.
package struct LeaseTerms: Hashable, Sendable {
    /// Nobody takes the lease over earlier after a renewal; whole seconds.
    package var duration = Duration.seconds(15)
    /// How long before that we stop leading: two clocks need not run equally fast, and a request
    /// that we cancel may still be on its way.
    package var margin = Duration.seconds(3)
    /// Between two renewals, and between two looks of those who wait.
    package var interval = Duration.seconds(2)
    /// For one request to the API server.
    package var timeout = Duration.seconds(3)

    package init() {}
}

/// Who leads, decided from the API server's answers and a local clock that never goes back.
///
/// In: answers, and the moments at which they came. Out: what to ask next, and until when we lead.
/// Law: a write of ours counts from the moment it left, anybody else's from the moment we first
/// saw it. So whatever wall clocks say, and however long an answer takes, we believe ourselves to
/// lead for a shorter time than the others do.
struct Election: Sendable {
    enum Request: Hashable, Sendable {
        case read
        /// Creates an object without a version; replaces one that still has it.
        case write(LeaseObject)
    }

    enum Answer: Sendable {
        /// The object as it is now: what was read, or what was written.
        case found(LeaseObject)
        case absent
        /// Somebody else was faster; nothing was written.
        case conflict
        /// Nothing was written.
        case refused(String)
        /// Nobody knows whether it was written.
        case unknown(String)
    }

    enum Step: Hashable, Sendable {
        case ask(Request, by: Instant)
        case wait(until: Instant)
        /// The lease was given back, as far as we could.
        case done
    }

    /// A write of ours; its stamp is in no other, so that it is known again where it is read.
    private struct OwnWrite {
        let stamp: String
        let sentAt: Instant
        var creates = false
    }

    private struct View {
        /// Nothing where there is no such object.
        let object: LeaseObject?
        /// When this version of it was first seen.
        let since: Instant
        /// Before that, its holder may still rely on it.
        let freeFrom: Instant
    }

    /// Failures in a row after which a lease that is to be given back is left to expire.
    private static let patienceWhenLeaving = 3

    private let identity: String
    private let terms: LeaseTerms
    private let empty: LeaseObject
    private var view: View?
    /// Whether something may have happened that was not seen.
    private var mustRead = true
    /// Writes of which nobody knows whether they were taken.
    private var lost: [OwnWrite] = []
    /// Our newest write that was taken; nothing where the object names somebody else.
    private var held: OwnWrite?
    /// Before that we hold what we made and do not lead: where there was no object, somebody may
    /// have removed it, and whoever held it need not have noticed.
    private var leadsFrom = Instant(milliseconds: .min)
    private var nextAsk = Instant(milliseconds: .min)
    private var failures = 0
    private var isLeaving = false
    private var lastStamp: Int64 = 0

    init(identity: String, name: String, namespace: String, terms: LeaseTerms) {
        self.identity = identity
        self.terms = terms
        empty = LeaseObject(name: name, namespace: namespace)
    }

    /// Who holds the lease as far as we saw.
    var holder: String? { view?.object?.holder }

    /// Our leadership ends then, unless it is renewed before.
    var leadsUntil: Instant? {
        guard !isLeaving else { return nil }
        return held.map { $0.sentAt + (terms.duration - terms.margin) }
    }

    /// What is left of our leadership; nothing where we do not lead.
    func remaining(at now: Instant) -> Duration? {
        guard let end = leadsUntil, leadsFrom <= now, now < end else { return nil }
        return end - now
    }

    /// Ends our leadership at once; the next steps give the lease back.
    mutating func leave(at now: Instant) {
        isLeaving = true
        failures = 0
        nextAsk = now
        mustRead = mustRead || !lost.isEmpty
    }

    /// What to do now; `wall`, in microseconds since 1970, only dates what is written.
    mutating func step(at now: Instant, wall: Int64) -> Step {
        if isLeaving, isGone(at: now) { return .done }
        guard now >= nextAsk else { return .wait(until: nextAsk) }
        lost.removeAll { $0.sentAt + terms.duration <= now }
        // A request of a leader must not outlive its lease.
        let limit = now + terms.timeout
        let deadline = leadsUntil.map { now < $0 ? min(limit, $0) : limit } ?? limit
        lastStamp = max(wall, lastStamp + 1)
        let stamp = MicroTime.text(lastStamp)
        guard !mustRead, let object = write(at: now, stamp) else {
            return .ask(.read, by: deadline)
        }
        let creates = object.metadata.resourceVersion == nil
        lost.append(OwnWrite(stamp: stamp, sentAt: now, creates: creates))
        return .ask(.write(object), by: deadline)
    }

    /// Whether the lease is given back, or is better left to expire.
    private func isGone(at now: Instant) -> Bool {
        failures >= Self.patienceWhenLeaving || now < leadsFrom || !mustRead && holder != identity
    }

    /// What we would write now; nothing where the lease is somebody else's.
    private func write(at now: Instant, _ stamp: String) -> LeaseObject? {
        guard let view else { return nil }
        let object = view.object ?? empty
        if object.holder == identity {
            return isLeaving
                ? object.released(at: stamp) : object.renewed(for: terms.duration, at: stamp)
        }
        guard now >= view.freeFrom else { return nil }
        return object.taken(by: identity, for: terms.duration, at: stamp)
    }

    /// Takes what became of a request.
    mutating func receive(_ answer: Answer, to request: Request, at now: Instant) {
        switch answer {
        case .found(let object): see(object, after: request, at: now)
        case .absent where request == .read:
            view = View(object: nil, since: now, freeFrom: now)
            held = nil
            mustRead = false
        case .unknown: fail(at: now)
        case .absent, .conflict, .refused:
            forget(request)
            fail(at: now)
        }
    }

    private mutating func see(_ object: LeaseObject, after request: Request, at now: Instant) {
        let stamp = object.spec?.renewTime
        if case .write(let written) = request, written.spec != object.spec {
            // An answer that does not say what became of our write.
            return fail(at: now)
        }
        let isSame = view?.object?.metadata.resourceVersion == object.metadata.resourceVersion
        let since = isSame ? view?.since ?? now : now
        let freeFrom = object.isHeld ? since + (object.duration ?? terms.duration) : now
        view = View(object: object, since: since, freeFrom: freeFrom)
        mustRead = false
        if request != .read { failures = 0 }
        guard object.holder == identity else {
            held = nil
            if now < freeFrom { failures = 0 }
            nextAsk = max(nextAsk, min(now + terms.interval, freeFrom))
            return
        }
        if let taken = lost.first(where: { $0.stamp == stamp }) {
            held = taken
            if taken.creates { leadsFrom = now + terms.duration }
            lost.removeAll { $0.sentAt <= taken.sentAt }
            failures = 0
        } else if held?.stamp != stamp {
            held = nil
        }
        let due = held.map { $0.sentAt + terms.interval } ?? now
        nextAsk = isLeaving ? now : max(nextAsk, due)
    }

    /// A write that was certainly not taken.
    private mutating func forget(_ request: Request) {
        guard case .write(let object) = request else { return }
        lost.removeAll { $0.stamp == object.spec?.renewTime }
    }

    /// The first failure is looked into at once, the following ones less and less eagerly.
    private mutating func fail(at now: Instant) {
        failures += 1
        mustRead = true
        let pause = Duration.milliseconds(failures > 1 ? 100 << min(failures, 6) : 0)
        nextAsk = now + min(pause, terms.interval)
    }
}
