import MeshModel

/// Reads a rollout policy with the same care as a manifest: places, ranges, unknown fields.
struct PolicyForm {
    var findings: Findings

    /// The policy of a document, with the places that later findings point at; nothing, with
    /// findings, for one that cannot be used.
    static func policy(_ node: SourceNode, _ findings: inout Findings) -> PlacedPolicy? {
        var form = PolicyForm(findings: findings)
        let policy = form.readPolicy(node)
        findings = form.findings
        return policy
    }

    private init(findings: Findings) { self.findings = findings }

    private mutating func readPolicy(_ node: SourceNode) -> PlacedPolicy? {
        guard var top = Members(node, "RolloutPolicy", &findings) else { return nil }
        _ = top.take("apiVersion")
        _ = top.take("kind")
        let metadata = top.require("metadata", &findings)
        let spec = top.require("spec", &findings)
        top.finish(&findings)
        let name = metadata.flatMap { readName(in: $0) }
        guard let spec, let members = Members(spec, "spec", &findings) else { return nil }
        let body = readBody(members)
        guard let name, let body else { return nil }
        let policy = RolloutPolicy(
            name: name.value,
            routes: body.routes.map(\.value),
            steps: body.steps,
            soak: body.soak,
            deadline: body.deadline,
            gates: body.gates,
            onFailure: body.onFailure
        )
        return PlacedPolicy(
            policy: policy,
            position: name.position,
            routePositions: body.routes.map(\.position)
        )
    }

    private mutating func readName(in metadata: SourceNode) -> Located<String>? {
        guard var members = Members(metadata, "metadata", &findings) else { return nil }
        let name = members.requiredText("name", &findings)
        for known in ["namespace", "labels", "annotations"] { _ = members.take(known) }
        members.finish(&findings)
        return name
    }

    // MARK: - Spec

    private struct Body {
        var routes: [Located<Glob>]
        var steps: [Int]
        var soak: Duration
        var deadline: Duration
        var gates: [Gate]
        var onFailure: RolloutPolicy.FailureAction
    }

    private mutating func readBody(_ spec: Members) -> Body? {
        var spec = spec
        let routes = spec.require("routes", &findings).map { readRoutes($0) }
        let steps = spec.require("steps", &findings).map { readSteps($0) }
        let soak = spec.require("soak", &findings)
            .map { $0.duration("spec.soak", from: .zero, &findings) }
        let deadline = spec.take("deadline")
            .map { $0.duration("spec.deadline", from: .seconds(1), &findings) }
        let gates = spec.take("gates").map { readGates($0) }
        let onFailure = spec.choice("onFailure", RolloutPolicy.FailureAction.rollback, &findings)
        spec.finish(&findings)
        guard let routes = routes ?? nil, let steps = steps ?? nil, let soak = soak ?? nil,
            let deadline = deadline ?? .seconds(30 * 60), let gates = gates ?? [], let onFailure
        else { return nil }
        return Body(
            routes: routes,
            steps: steps,
            soak: soak,
            deadline: deadline,
            gates: gates,
            onFailure: onFailure
        )
    }

    private mutating func readRoutes(_ node: SourceNode) -> [Located<Glob>]? {
        let items = node.elements("spec.routes", upTo: ReadingLimits.globs, &findings)
        guard let items else { return nil }
        var routes: [Located<Glob>] = []
        for (index, item) in items.enumerated() {
            guard let text = item.text("spec.routes[\(index)]", &findings) else { return nil }
            let segments = text.split(separator: "/", omittingEmptySubsequences: false)
            let isRoute = [4, 6].contains(segments.count) && segments.dropLast().last == "route"
            guard isRoute else {
                findings.error(
                    "badGlob",
                    at: item.position,
                    "spec.routes[\(index)] \(quoted(text)) names no route; "
                        + "write one such as 'virtualRouter/checkout/route/*'"
                )
                return nil
            }
            routes.append(Located(value: Glob(text), position: item.position))
        }
        return routes
    }

    /// Percent of the way to the desired weights: rising, and the last one arrives.
    private mutating func readSteps(_ node: SourceNode) -> [Int]? {
        guard let items = node.elements("spec.steps", &findings) else { return nil }
        var steps: [Int] = []
        for (index, item) in items.enumerated() {
            guard let value = item.integer("spec.steps[\(index)]", &findings) else { return nil }
            let last = steps.last ?? 0
            guard (1...100).contains(value), Int(value) > last else {
                findings.error(
                    "badSteps",
                    at: item.position,
                    "spec.steps[\(index)] is \(value); steps rise from 1 to 100"
                )
                return nil
            }
            steps.append(Int(value))
        }
        guard steps.last == 100 else {
            findings.error(
                "badSteps",
                at: items.last?.position ?? node.position,
                "spec.steps ends at \(steps.last ?? 0); end it with 100, the committed weights"
            )
            return nil
        }
        return steps
    }

    // MARK: - Gates

    private mutating func readGates(_ node: SourceNode) -> [Gate]? {
        guard let items = node.items else {
            findings.error(
                "wrongType",
                at: node.position,
                "spec.gates is \(node.noun); write a list"
            )
            return nil
        }
        var gates: [Gate] = []
        var isWhole = true
        for (index, item) in items.enumerated() {
            guard let gate = readGate(item, "gates[\(index)]") else {
                isWhole = false
                continue
            }
            if gates.contains(where: { $0.name == gate.name }) {
                let name = quoted(gate.name)
                let place = item.value(of: "name")?.position ?? item.position
                findings.error(
                    "duplicateName",
                    at: place,
                    "there are two gates \(name); rename one"
                )
                isWhole = false
            }
            gates.append(gate)
        }
        return isWhole ? gates : nil
    }

    private mutating func readGate(_ node: SourceNode, _ title: String) -> Gate? {
        guard var gate = Members(node, title, &findings) else { return nil }
        let name = gate.requiredText("name", &findings)
        let source = readSource(&gate)
        let limits = readLimits(&gate)
        let minRequests = gate.take("minRequests")
            .map { readMinRequests($0, "\(title).minRequests", of: source) }
        let every = gate.take("every")
            .map { $0.duration("\(title).every", from: .milliseconds(100), &findings) }
        let samples = gate.count("samples", 1...1000, fallback: 3, &findings)
        let failures = gate.count("failures", 0...1000, fallback: 1, &findings)
        let inconclusive = gate.count("inconclusive", 0...1000, fallback: 5, &findings)
        let errors = gate.count("errors", 0...1000, fallback: 3, &findings)
        let noData = gate.choice("noData", Gate.NoData.hold, &findings)
        gate.finish(&findings)
        guard let name, let source, let limits, let minRequests = minRequests ?? 1,
            let every = every ?? .seconds(20), let samples, let failures, let inconclusive,
            let errors, let noData
        else { return nil }
        return Gate(
            name: name.value,
            source: source,
            min: limits.min,
            max: limits.max,
            minRequests: minRequests,
            every: every,
            samples: samples,
            failures: failures,
            inconclusive: inconclusive,
            errors: errors,
            noData: noData
        )
    }

    private mutating func readMinRequests(
        _ node: SourceNode,
        _ title: String,
        of source: Gate.Source?
    ) -> Double? {
        guard let value = node.number(title, &findings) else { return nil }
        if case .prometheus = source {
            findings.error(
                "unknownField",
                at: node.position,
                "\(title) counts what a scrape finds; leave it out of a gate with prometheus"
            )
        } else if value < 0 {
            findings.error("outOfRange", at: node.position, "\(title) is negative; write 0 or more")
        } else {
            return value
        }
        return nil
    }

    /// `min`, `max` or both.
    private mutating func readLimits(_ gate: inout Members) -> (min: Double?, max: Double?)? {
        let nodes = (min: gate.take("min"), max: gate.take("max"))
        let min = nodes.min.map { $0.number("\(gate.title).min", &findings) }
        let max = nodes.max.map { $0.number("\(gate.title).max", &findings) }
        if min == nil, max == nil {
            findings.error(
                "missingField",
                at: gate.node.position,
                "\(gate.title) has neither 'min' nor 'max'; write one of them, or both"
            )
            return nil
        }
        let values = (min: min ?? nil, max: max ?? nil)
        if (min != nil && values.min == nil) || (max != nil && values.max == nil) { return nil }
        if let low = values.min, let high = values.max, low > high {
            findings.error(
                "outOfRange",
                at: nodes.min?.position ?? gate.node.position,
                "\(gate.title) wants at least \(low) and at most \(high); no number is both"
            )
            return nil
        }
        return values
    }
}

/// A policy and the places that findings about it point at.
struct PlacedPolicy {
    let policy: RolloutPolicy
    let position: SourcePosition
    let routePositions: [SourcePosition]
}
