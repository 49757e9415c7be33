import MeshModel

/// What was taken lately, so that it is not taken twice.
///
/// A delivery is the same where its id **and** its body are: ids are not signed, so an old body
/// under the id of a delivery on its way must not push that one out. A body alone counts for a
/// minute: who replays it under new ids costs the loop one look a minute, what polling costs too,
/// and a branch that is moved forth, back and forth again is still seen.
struct DeliveryMemory {
    /// Longer than anybody repeats a delivery.
    static let lifetime = Duration.seconds(24 * 60 * 60)
    static let bodyLifetime = Duration.seconds(60)

    private var deliveries = RecentDigests(capacity: 8192, lifetime: Self.lifetime)
    private var bodies = RecentDigests(capacity: 1024, lifetime: Self.bodyLifetime)

    /// Why it need not be taken again; nothing where it is new.
    func repetition(of print: DeliveryPrint, at now: Instant) -> String? {
        if deliveries.contains(print.delivery, at: now) { return "this delivery came before" }
        if bodies.contains(print.body, at: now) {
            return "the same body came within a minute, under another id"
        }
        return nil
    }

    mutating func remember(_ print: DeliveryPrint, at now: Instant) {
        deliveries.insert(print.delivery, at: now)
        bodies.insert(print.body, at: now)
    }
}

/// What a delivery is known by.
struct DeliveryPrint {
    let delivery: Digest
    let body: Digest

    init(id: String, body: [UInt8]) {
        self.body = Digest(of: body)
        delivery = Digest(of: Array("\(id) \(self.body.hex)".utf8))
    }
}

/// A set that forgets: after a time, and the oldest first where it is full.
private struct RecentDigests {
    private let capacity: Int
    private let lifetime: Duration
    private var times: [Digest: Instant] = [:]
    /// In the order they came, a ring once it is full.
    private var order: [Digest] = []
    private var oldest = 0

    init(capacity: Int, lifetime: Duration) {
        self.capacity = capacity
        self.lifetime = lifetime
    }

    func contains(_ digest: Digest, at now: Instant) -> Bool {
        times[digest].map { now - $0 < lifetime } ?? false
    }

    mutating func insert(_ digest: Digest, at now: Instant) {
        guard times.updateValue(now, forKey: digest) == nil else { return }
        guard order.count >= capacity else {
            order.append(digest)
            return
        }
        times[order[oldest]] = nil
        order[oldest] = digest
        oldest = (oldest + 1) % capacity
    }
}
