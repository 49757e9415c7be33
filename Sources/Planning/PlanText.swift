import MeshModel

/// A plan as people read it: what happens in which order, why, and what does not happen.
package struct PlanText {
    private let plan: Plan
    private let changes: [ResourceID: Change]
    private let width: Int
    private var shown: Set<ResourceID> = []
    private var lines: [StyledLine] = []

    /// The lines of a plan, without colours.
    package static func lines(of plan: Plan) -> [StyledLine] {
        var text = PlanText(plan)
        text.renderAll()
        return text.lines
    }

    private init(_ plan: Plan) {
        self.plan = plan
        changes = Dictionary(plan.changes.map { ($0.resource, $0) }) { first, _ in first }
        let addresses =
            plan.waves.flatMap(\.writes).map(\.resource) + plan.shifts.map(\.route)
            + plan.deferred.map(\.resource) + plan.records.map(\.resource)
            + plan.changes.filter { $0.action != .none || $0.isNoteworthy }.map(\.resource)
        // Columns wider than this would push the reasons off a terminal.
        width = min(addresses.map(\.address.count).max() ?? 0, 48)
    }

    private mutating func renderAll() {
        let place = plan.target.endpoint.isEmpty ? "" : " at \(plan.target.endpoint)"
        add(.heading, "mesh \(plan.target.mesh)\(place), \(plan.revision)")
        render("expand", plan.expand)
        render("in place", plan.inPlace)
        renderShifts()
        render("contract", plan.contract)
        if plan.refusals.contains(where: \.reason.stopsPlan) { renderStopped() }
        renderRest()
        add(.plain, "")
        add(.heading, plan.summaryLine)
    }

    private mutating func render(_ phase: String, _ waves: [Wave]) {
        for (index, wave) in waves.enumerated() {
            let policies = Set(wave.gates.map(\.policy.name)).sorted().joined(separator: ", ")
            let gates = policies.isEmpty ? "" : ", then the gates of \(policies)"
            begin(waves.count == 1 ? phase + gates : "\(phase), wave \(index + 1)\(gates)")
            for write in wave.writes { render(write, in: wave) }
        }
    }

    private mutating func render(_ write: Write, in wave: Wave) {
        let reason = changes[write.resource]?.reason ?? ""
        switch write.action {
        case .create:
            add(.added, "  + " + row(write.resource, reason))
        case .delete:
            add(.removed, "  - " + row(write.resource, reason))
        case .update, .none:
            let isGated = wave.rollback.contains { $0.resource == write.resource }
            let gate = isGated ? "in place, gated" : "in place, no gate"
            add(.changed, "  ~ " + row(write.resource, "\(gate); \(reason)"))
            renderFields(of: write.resource)
        }
    }

    private mutating func renderShifts() {
        guard !plan.shifts.isEmpty else { return }
        begin("shift")
        for shift in plan.shifts {
            let policy = shift.policy.map { "policy \($0.name)" } ?? "no policy"
            let reason = changes[shift.route]?.reason ?? ""
            let count = shift.steps.count
            let steps = count == 1 ? "1 step" : "\(count) steps"
            add(.changed, "  ~ " + row(shift.route, "\(steps), \(policy); \(reason)"))
            renderFields(of: shift.route)
            for step in shift.steps {
                let weights = RouteTraffic(step.body)?.targets.map(\.text) ?? []
                let percent = String(step.percent)
                let blank = String(repeating: " ", count: max(0, 3 - percent.count))
                add(.plain, "      \(blank)\(percent) %  \(weights.joined(separator: ", "))")
            }
        }
    }

    /// Each resource's fields once, where it is met first.
    private mutating func renderFields(of id: ResourceID) {
        guard shown.insert(id).inserted else { return }
        for field in changes[id]?.fields ?? [] { add(.plain, "      \(field.text)") }
    }

    /// Nothing is written, so the phases are empty; what the plan would have done is still news.
    private mutating func renderStopped() {
        let stopped = plan.changes.filter { $0.action != .none }
        guard !stopped.isEmpty else { return }
        begin("stopped, would otherwise")
        for change in stopped {
            let verb = "\(change.action.rawValue); \(change.reason)"
            add(.plain, "    " + row(change.resource, verb))
        }
    }

    /// What differs and is left as it is.
    private mutating func renderNoted() {
        let noted = plan.changes.filter(\.isNoteworthy)
        let unmanaged = plan.changes.count { $0.driftClass == .unmanaged }
        guard !noted.isEmpty || unmanaged > 0 else { return }
        begin("noted")
        for change in noted {
            let what = "\(change.driftClass.rawValue): \(change.reason)"
            add(.plain, "    " + row(change.resource, what))
        }
        if unmanaged > 0 {
            let noun = unmanaged == 1 ? "resource" : "resources"
            add(.plain, "    \(unmanaged) unmanaged \(noun), never touched")
        }
    }

    private mutating func renderRest() {
        if !plan.records.isEmpty { begin("record only") }
        for record in plan.records {
            add(.plain, "    " + row(record.resource, "\(record.entry.rawValue): \(record.reason)"))
        }
        renderNoted()
        // What is refused stands below, with the guardrail that refuses it.
        let deferred = plan.deferred.filter { $0.reason != .refused }
        if !deferred.isEmpty { begin("deferred") }
        for deferral in deferred {
            let why = "\(deferral.reason.rawValue): \(deferral.message)"
            add(.warning, "  ? " + row(deferral.resource, why))
        }
        if !plan.hazards.isEmpty { begin("hazards") }
        for hazard in plan.hazards {
            add(.warning, "  ! \(hazard.name.rawValue) \(hazard.resource): \(hazard.message)")
        }
        if !plan.refusals.isEmpty { begin("refused") }
        for refusal in plan.refusals {
            let place = refusal.resource.map { " \($0)" } ?? ""
            add(.warning, "  ! \(refusal.reason.rawValue)\(place): \(refusal.message)")
        }
    }

    private func row(_ id: ResourceID, _ text: String) -> String {
        let address = id.address
        let blank = String(repeating: " ", count: max(0, width - address.count))
        return text.isEmpty ? address : "\(address)\(blank)  \(text)"
    }

    private mutating func begin(_ heading: String) {
        add(.plain, "")
        add(.heading, heading)
    }

    private mutating func add(_ style: StyledLine.Style, _ text: String) {
        lines.append(StyledLine(style, text))
    }
}

extension Change {
    /// Worth a line of its own though the plan does nothing about it.
    fileprivate var isNoteworthy: Bool {
        guard action == .none else { return false }
        switch driftClass {
        case .flapped, .ignored, .unownedEqual: return true
        default: return false
        }
    }
}

extension Plan {
    /// `Plan 3f2a91c04d1e: 2 to create, 1 to shift in 3 steps, 0 to delete`.
    package var summaryLine: String {
        let summary = self.summary
        let stops = refusals.filter(\.reason.stopsPlan).map(\.reason.rawValue)
        guard stops.isEmpty else {
            let reasons = stops.joined(separator: ", ")
            return "Plan \(id.prefix(12)): refused (\(reasons)), nothing is done"
        }
        guard hasChanges else {
            let rest = summary.deferrals > 0 ? ", \(summary.deferrals) deferred" : ""
            return "Plan \(id.prefix(12)): nothing to change\(rest)"
        }
        var parts = ["\(summary.creates) to create"]
        if summary.updates > 0 { parts.append("\(summary.updates) to change in place") }
        if summary.shifts > 0 {
            let steps = summary.steps == 1 ? "1 step" : "\(summary.steps) steps"
            parts.append("\(summary.shifts) to shift in \(steps)")
        }
        parts.append("\(summary.deletes) to delete")
        if summary.deferrals > 0 { parts.append("\(summary.deferrals) deferred") }
        return "Plan \(id.prefix(12)): " + parts.joined(separator: ", ")
    }
}

extension WeightedTarget {
    /// `checkout-v2:8080 10`.
    fileprivate var text: String {
        let port = target.port.map { ":\($0)" } ?? ""
        return "\(target.node)\(port) \(weight)"
    }
}
