import Foundation
import MeshModel

/// One object a line, for programs: what `apply`, `demo` and `agent` print with `-o json`.
enum EventLine {
    /// The common members, and whatever the entry's payload adds; a plan's own body stays in the
    /// ledger.
    ///
    /// A target without a name is called like its mesh.
    static func json(
        _ entry: LedgerEntry,
        _ context: RecordContext,
        target: String? = nil
    ) -> SpecValue {
        var members = entry.payload.members ?? [:]
        members["plan"] = entry.plan.map { .string($0) }
        members["step"] = entry.step.map { .integer(Int64($0)) }
        members["intent"] = entry.intent.map { .string($0) }
        members["requestID"] = entry.requestID.map { .string($0) }
        members["resource"] = entry.resource.map { .string($0.address) }
        members.merge(common(entry.kind, context, target: target)) { _, common in common }
        return .object(members)
    }

    /// `event`, `time`, `target`, `mesh`, `revision`, `commit`: on every line.
    static func common(
        _ kind: EventKind,
        _ context: RecordContext,
        target: String? = nil
    ) -> [String: SpecValue] {
        [
            "event": .string(kind.rawValue),
            "time": .string(timestamp(context.time)),
            "target": .string(target ?? context.mesh),
            "mesh": .string(context.mesh),
            "revision": context.revision.map { .string($0.description) } ?? .null,
            "commit": context.revision.map { .string($0.commit) } ?? .null,
        ]
    }

    /// RFC 3339 in UTC with milliseconds, from milliseconds since 1970.
    static func timestamp(_ milliseconds: Int64) -> String {
        date(milliseconds).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// The time of day of the same, in UTC: `06:21:16`.
    static func clock(_ milliseconds: Int64) -> String {
        String(timestamp(milliseconds).dropFirst(11).prefix(8))
    }

    private static func date(_ milliseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}
