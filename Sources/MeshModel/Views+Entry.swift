/// What a ledger entry's payload says, for those who put it into words.
///
/// Every entry may lack every member; the kinds and their members stand in `Rollout/Records.swift`.
package struct EntryFacts: Hashable, Sendable {
    package let action: String?
    package let result: String?
    package let message: String?
    package let reason: String?
    /// The revision that it is about.
    package let revision: String?
    /// The newer revision that took over.
    package let by: String?
    /// What a plan would do, in one line.
    package let summary: String?
    /// How a rollout ended.
    package let outcome: String?
    /// Counted from 1.
    package let wave: Int64?
    package let percent: Int64?
    package let weights: [WeightedTarget]
    package let fields: [FieldChange]
    package let gate: String?
    package let node: String?
    package let verdict: String?
    package let note: String?
    /// Measured for comparison only, of the target that traffic leaves.
    package let isReference: Bool
    /// Of a suspension: not even a rollback goes on.
    package let freezes: Bool
    package let value: Double?
    package let min: Double?
    package let max: Double?

    package init(_ payload: SpecValue) {
        action = payload["action"]?.text
        result = payload["result"]?.text
        message = payload["message"]?.text
        reason = payload["reason"]?.text
        revision = payload["revision"]?.text
        by = payload["by"]?.text
        summary = payload["summary"]?.text
        outcome = payload["outcome"]?.text
        wave = payload["wave"]?.integer
        percent = payload["percent"]?.integer
        weights = (payload["weights"]?.items ?? []).compactMap(Self.weight)
        fields = (payload["fields"]?.items ?? []).compactMap(Self.field)
        gate = payload["gate"]?.text
        node = payload["node"]?.text
        verdict = payload["verdict"]?.text
        isReference = payload["reference"]?.flag ?? false
        freezes = payload["freezes"]?.flag ?? false
        note = payload["note"]?.text
        value = payload["value"].flatMap(Self.double)
        min = payload["min"].flatMap(Self.double)
        max = payload["max"].flatMap(Self.double)
    }

    private static func weight(_ value: SpecValue) -> WeightedTarget? {
        guard let node = value["node"]?.text, let weight = value["weight"]?.integer else {
            return nil
        }
        let target = TrafficTarget(node: node, port: value["port"]?.integer)
        return WeightedTarget(target: target, weight: weight)
    }

    private static func field(_ value: SpecValue) -> FieldChange? {
        value["path"]?.text
            .map {
                FieldChange(path: $0, before: value["before"], after: value["after"])
            }
    }

    private static func double(_ value: SpecValue) -> Double? {
        switch value {
        case .number(let number): number
        case .integer(let number): Double(number)
        case .null, .bool, .string, .list, .object: nil
        }
    }
}
