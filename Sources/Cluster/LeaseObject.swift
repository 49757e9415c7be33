import FoundationEssentials
import MeshModel

/// A `coordination.k8s.io/v1` Lease as it goes over the wire.
///
/// A write replaces the object, so what others put into its metadata travels along.
struct LeaseObject: Codable, Hashable, Sendable {
    struct Metadata: Codable, Hashable, Sendable {
        var name: String
        var namespace: String?
        /// What a write is compared with; absent in an object that is to be created.
        var resourceVersion: String?
        var labels: [String: String]?
        var annotations: [String: String]?
        var ownerReferences: SpecValue?
        var finalizers: [String]?
    }

    struct Spec: Codable, Hashable, Sendable {
        /// Empty or absent where nobody holds it.
        var holderIdentity: String?
        var leaseDurationSeconds: Int32?
        var acquireTime: String?
        var renewTime: String?
        var leaseTransitions: Int32?
    }

    var apiVersion = "coordination.k8s.io/v1"
    var kind = "Lease"
    var metadata: Metadata
    var spec: Spec?

    init(name: String, namespace: String) {
        metadata = Metadata(name: name, namespace: namespace)
    }

    var holder: String? {
        guard let holder = spec?.holderIdentity, !holder.isEmpty else { return nil }
        return holder
    }

    var isHeld: Bool { holder != nil }

    /// How long its holder may rely on it after a renewal, where it says so.
    var duration: Duration? {
        guard let seconds = spec?.leaseDurationSeconds, seconds > 0 else { return nil }
        return .seconds(Int(seconds))
    }

    /// The same object, held by somebody from now on.
    func taken(by identity: String, for duration: Duration, at stamp: String) -> LeaseObject {
        let transitions = spec?.leaseTransitions ?? 0
        let isFirst = spec == nil
        return with(
            Spec(
                holderIdentity: identity,
                leaseDurationSeconds: Self.seconds(duration),
                acquireTime: stamp,
                renewTime: stamp,
                leaseTransitions: isFirst || transitions == .max ? transitions : transitions + 1
            )
        )
    }

    /// The same object, held on.
    func renewed(for duration: Duration, at stamp: String) -> LeaseObject {
        var spec = spec ?? Spec()
        spec.leaseDurationSeconds = Self.seconds(duration)
        spec.renewTime = stamp
        return with(spec)
    }

    /// The same object, free for whoever wants it.
    func released(at stamp: String) -> LeaseObject {
        var spec = spec ?? Spec()
        spec.holderIdentity = ""
        spec.leaseDurationSeconds = 1
        spec.renewTime = stamp
        return with(spec)
    }

    private func with(_ spec: Spec) -> LeaseObject {
        var copy = self
        copy.spec = spec
        return copy
    }

    private static func seconds(_ duration: Duration) -> Int32 {
        Int32(clamping: max(1, duration.components.seconds))
    }
}

/// Kubernetes' `MicroTime`: RFC 3339 with exactly six decimals.
enum MicroTime {
    /// The text of a moment in microseconds since 1970.
    static func text(_ microseconds: Int64) -> String {
        let (seconds, rest) = max(0, microseconds).quotientAndRemainder(dividingBy: 1_000_000)
        let moment = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        let digits = String(rest)
        let decimals = String(repeating: "0", count: 6 - digits.count) + digits
        return "\(moment.dropLast()).\(decimals)Z"
    }
}
