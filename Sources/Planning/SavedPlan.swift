package import MeshModel

/// A plan kept for a later `apply`: whole, with what it was made of and what was asked for.
///
/// It is never carried out from here: the target is planned anew with the same options, and only
/// where nothing moved is that plan, which is this one, applied. So whoever can write the file
/// gains nothing but a question.
package struct SavedPlan: Hashable, Sendable, Codable {
    package let plan: Plan
    package let identity: PlanIdentity
    package let options: PlanOptions

    package init(_ plan: Plan, of input: PlanInput) {
        self.plan = plan
        identity = PlanIdentity(plan, input)
        options = input.options
    }

    /// Whether it is as it was saved: its id and digests are those of what is in it.
    package var isWhole: Bool { identity.identifies(plan) }

    /// The inputs that are not what they were, for people; empty where the plan still stands.
    package func moved(to now: SavedPlan, live: MeshState) -> [String] {
        guard now.identity.plan != identity.plan else { return [] }
        let there = plan.waves.flatMap(\.writes)
            .filter { $0.action == .create && live.resources[$0.resource] != nil }
            .map { "live \($0.resource) (there now)" }
        let found = identity.moved(to: now.identity, live: live) + there
        return found.isEmpty ? ["what the ledger says was applied or is held"] : found
    }
}

extension PlanIdentity {
    fileprivate func moved(to now: PlanIdentity, live: MeshState) -> [String] {
        var moved: [String] = []
        func compare<Value: Equatable>(
            _ what: String,
            _ value: KeyPath<PlanIdentity, Value>,
            _ words: (Value) -> String
        ) {
            let (old, new) = (self[keyPath: value], now[keyPath: value])
            guard old != new else { return }
            let (before, after) = (words(old), words(new))
            moved.append(before.isEmpty ? what : "\(what) ('\(before)' before, '\(after)' now)")
        }
        compare("the format of plans", \.format) { String($0) }
        compare("the normal form of bodies", \.normalForm) { String($0) }
        compare("the target's mesh", \.target.mesh) { $0 }
        // An account that is not known before the mesh is there has not moved when it is.
        if !target.account.isEmpty, !now.target.account.isEmpty {
            compare("the target's account", \.target.account) { $0 }
        }
        compare("the target's region", \.target.region) { $0 }
        compare("the target's endpoint", \.target.endpoint) { $0 }
        compare("the revision's tree", \.tree) { String($0.prefix(12)) }
        compare("the variables", \.variables) { _ in "" }
        let names = Set(policies.keys).union(now.policies.keys).sorted()
        for name in names where policies[name] != now.policies[name] {
            moved.append("policy '\(name)'")
        }
        compare("the guardrails", \.guardrails) { _ in "" }
        compare("the ignore rules", \.ignoreRules) { _ in "" }
        return moved + movedVersions(to: now, live: live)
    }

    /// What the plan relied on is looked up in the mesh itself: a plan that no longer writes a
    /// resource does not name it any more.
    private func movedVersions(to now: PlanIdentity, live: MeshState) -> [String] {
        let present = Dictionary(
            live.resources.map { ($0.key.address, $0.value.version) },
            uniquingKeysWith: { first, _ in first }
        )
        let known = versions.sorted { $0.key < $1.key }
            .compactMap { address, version -> String? in
                guard let current = present[address] else { return "live \(address) (gone now)" }
                guard current != version else { return nil }
                guard current.uid == version.uid else { return "live \(address) (made anew)" }
                return "live \(address) (version \(version.version) before, "
                    + "\(current.version) now)"
            }
        let new = now.versions.keys.filter { versions[$0] == nil }.sorted()
            .map { "live \($0) (not part of the plan before)" }
        return known + new
    }
}
