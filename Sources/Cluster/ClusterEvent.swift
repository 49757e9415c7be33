import MeshModel

/// Something that happened, for whoever runs `kubectl get events`.
///
/// A cluster forgets its events within hours and may lose them before: they are no ledger.
package struct ClusterEvent: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    package let kind: Kind
    /// One word for programs: `RolledBack`.
    package let reason: String
    /// What it happened to and why, for people.
    package let note: String

    package init(_ kind: Kind, _ reason: String, note: String) {
        self.kind = kind
        self.reason = reason
        self.note = note
    }
}

/// The pod that events are about.
package struct PodReference: Hashable, Sendable {
    package let name: String
    /// Without it `kubectl describe pod` does not list them; `kubectl get events` does.
    package let uid: String?

    package init(name: String, uid: String?) {
        self.name = name
        self.uid = uid
    }
}

/// An `events.k8s.io/v1` Event as it goes over the wire.
struct EventObject: Codable, Hashable, Sendable {
    struct Metadata: Codable, Hashable, Sendable {
        let name: String
        let namespace: String
    }

    struct Reference: Codable, Hashable, Sendable {
        var apiVersion = "v1"
        var kind = "Pod"
        let name: String
        let namespace: String
        let uid: String?
    }

    /// Bytes that Kubernetes takes of a note.
    private static let longestNote = 1024
    /// Of most other texts.
    private static let longestWord = 128

    var apiVersion = "events.k8s.io/v1"
    var kind = "Event"
    let metadata: Metadata
    let eventTime: String
    var reportingController = "plumbline.dev/agent"
    let reportingInstance: String
    let action: String
    let reason: String
    let type: String
    let regarding: Reference
    let note: String

    /// The event of a moment in microseconds, which no other event of this pod has.
    init(
        _ event: ClusterEvent,
        about pod: PodReference,
        in namespace: String,
        at moment: Int64,
        times: Int
    ) {
        metadata = Metadata(
            name: "\(pod.name).\(String(moment, radix: 16))",
            namespace: namespace
        )
        eventTime = MicroTime.text(moment)
        reportingInstance = Self.cut(pod.name, to: Self.longestWord)
        action = Self.cut(event.reason, to: Self.longestWord)
        reason = action
        type = event.kind.rawValue
        regarding = Reference(name: pod.name, namespace: namespace, uid: pod.uid)
        let count = times > 1 ? " (\(times) times)" : ""
        note = Self.cut(event.note, to: Self.longestNote - count.utf8.count) + count
    }

    /// The beginning of a text, whole characters of it, without what could move a cursor.
    private static func cut(_ text: String, to bytes: Int) -> String {
        var cut = ""
        var room = bytes
        for character in PlainText.line(text, limit: bytes) {
            room -= character.utf8.count
            guard room >= 0 else { break }
            cut.append(character)
        }
        return cut
    }
}
