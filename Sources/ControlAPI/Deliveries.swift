package import MeshModel
import Synchronization

/// What was decided about a delivery; the words are a contract with metrics and `/v1/deliveries`.
package enum DeliveryDecision: String, CaseIterable, Hashable, Sendable {
    /// The loop will look.
    case queued
    /// It came before.
    case duplicate
    /// Genuine, and nothing that the loop waits for.
    case ignored
    /// Somebody pressed "Test connection".
    case ping
    case otherRepository
    /// So old that nobody can tell whether it came before.
    case stale
    case badHeaders
    case missingSignature
    case malformedSignature
    case wrongSignature
    /// No secret can be read, so that nothing can be believed.
    case noSecret
    /// Headers and signed body say different things.
    case contradiction
    case malformed
    case tooLarge
    case unsupported
    case cutShort
    case tooFast
    /// The loop does not keep up.
    case queueFull
    case wrongMethod
    case notFound

    /// The HTTP status it is answered with.
    ///
    /// Bitbucket Cloud repeats only what ended with 5xx, up to twice. So whatever may be genuine
    /// and is not taken now, excess included, is answered 503 and not 429.
    package var status: Int {
        switch self {
        case .queued, .duplicate, .ignored: 202
        case .ping: 200
        case .missingSignature, .malformedSignature: 401
        case .wrongSignature: 403
        case .otherRepository, .notFound: 404
        case .wrongMethod: 405
        case .badHeaders, .cutShort, .malformed, .contradiction, .stale: 400
        case .tooLarge: 413
        case .unsupported: 415
        case .noSecret, .tooFast, .queueFull: 503
        }
    }

    /// Whether the sender has proved that it knows the secret.
    package var isSigned: Bool {
        switch self {
        case .queued, .duplicate, .ignored, .otherRepository, .stale, .contradiction, .malformed,
            .queueFull:
            true
        case .ping, .badHeaders, .missingSignature, .malformedSignature, .wrongSignature,
            .noSecret, .tooLarge, .unsupported, .cutShort, .tooFast, .wrongMethod, .notFound:
            false
        }
    }
}

/// One delivery and what became of it; all texts are bounded and printable.
package struct Delivery: Hashable, Sendable {
    /// Counted from 1 since the start.
    package let number: Int64
    /// Milliseconds since 1970.
    package let time: Int64
    /// The address of the peer, a proxy's where there is one.
    package let source: String
    package let flavor: WebhookFlavor?
    package let key: String?
    package let id: String?
    package let attempt: Int?
    package let repository: String?
    package let decision: DeliveryDecision
    package let reason: String

    package var json: SpecValue {
        let members: [String: SpecValue?] = [
            "number": .integer(number), "time": .string(EventDate.text(time)),
            "source": .string(source), "flavor": flavor.map { .string($0.rawValue) },
            "event": key.map { .string($0) }, "id": id.map { .string($0) },
            "attempt": attempt.map { .integer(Int64($0)) },
            "repository": repository.map { .string($0) }, "decision": .string(decision.rawValue),
            "reason": .string(reason),
        ]
        return .object(members.compactMapValues { $0 })
    }
}

/// What was decided about the last deliveries, and how often each decision was taken.
///
/// Unsigned requests have a list of their own, so that a flood of them hides no signed delivery.
package final class Deliveries: Sendable {
    private struct State {
        var number: Int64 = 0
        var signed: [Delivery] = []
        var unsigned: [Delivery] = []
        var counts: [DeliveryDecision: Int64] = [:]
    }

    private static let mostSigned = 512
    private static let mostUnsigned = 128

    private let state = Mutex(State())

    init() {}

    /// The last ones, oldest first.
    package var latest: [Delivery] {
        let (signed, unsigned) = state.withLock { ($0.signed, $0.unsigned) }
        return (signed + unsigned).sorted { $0.number < $1.number }
    }

    /// How often each decision was taken since the start.
    package var counts: [DeliveryDecision: Int64] { state.withLock { $0.counts } }

    /// The last ones as `GET /v1/deliveries` shows them, newest first.
    package var json: SpecValue { .list(latest.reversed().map(\.json)) }

    /// Keeps what a function makes of the next number.
    func record(_ delivery: (_ number: Int64) -> Delivery) {
        state.withLock { state in
            state.number += 1
            let delivery = delivery(state.number)
            state.counts[delivery.decision, default: 0] += 1
            if delivery.decision.isSigned {
                Self.append(delivery, to: &state.signed, most: Self.mostSigned)
            } else {
                Self.append(delivery, to: &state.unsigned, most: Self.mostUnsigned)
            }
        }
    }

    private static func append(_ delivery: Delivery, to list: inout [Delivery], most: Int) {
        if list.count >= most { list.removeFirst() }
        list.append(delivery)
    }
}
