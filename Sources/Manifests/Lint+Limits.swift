import MeshModel

/// Quotas, lists that repeat themselves, ARNs of elsewhere, and policies that do not decide.
extension Lint {
    /// App Mesh's default quotas (Service Quotas, 2023); an account may have been given more.
    private static let quotas: [(kind: Kind, perContainer: Int)] = [
        (.virtualNode, 200), (.virtualRouter, 200), (.virtualService, 200), (.virtualGateway, 3),
        (.route, 50), (.gatewayRoute, 10),
    ]

    /// Backends of one virtual node.
    private static let backendQuota = 50

    /// Counts at the peak of a rollout, when what is new is there and nothing old is gone yet.
    mutating func reportQuotas() {
        for quota in Self.quotas {
            let all = Set(tree.keys).union(settings.live ?? []).filter { $0.kind == quota.kind }
            let groups = Dictionary(grouping: all) { $0.container ?? $0 }
            for (container, members) in groups.sorted(by: { $0.key < $1.key })
            where members.count > quota.perContainer {
                let last = declared.last {
                    $0.id.kind == quota.kind && $0.id.container == container
                }
                guard let last else { continue }
                let place = container.kind == .mesh ? container.fullAddress : container.address
                findings.warning(
                    "quota",
                    at: last.position,
                    "\(place) would hold \(members.count) of kind \(quota.kind.rawValue) at once; "
                        + "App Mesh allows \(quota.perContainer) unless the quota was raised"
                )
            }
        }
        for node in resources(.virtualNode) {
            let backends = References.of(node.spec.value, node.id)
            guard backends.count > Self.backendQuota else { continue }
            findings.warning(
                "quota",
                at: node.spec.position(of: backends[Self.backendQuota].path) ?? node.position,
                "\(node.id) has \(backends.count) backends; App Mesh allows \(Self.backendQuota) "
                    + "unless the quota was raised"
            )
        }
    }

    // MARK: - ARNs

    mutating func reportForeignARNs() {
        for resource in declared {
            for reference in References.arns(in: resource.spec.value, as: resource.id.kind) {
                guard let position = resource.spec.position(of: reference.path) else { continue }
                guard let arn = MeshARN(reference.arn) else {
                    findings.error(
                        "badARN",
                        at: position,
                        "\(quoted(reference.arn)) is no ARN; write arn:aws:acm:… or such"
                    )
                    continue
                }
                guard let foreign = arn.foreignness(settings) else { continue }
                findings.warning(
                    "foreignARN",
                    at: position,
                    "\(resource.id) names an ARN that App Mesh cannot use here: \(foreign)"
                )
            }
        }
    }

    // MARK: - Policies

    mutating func reportPolicies() {
        let all = policies.map(\.policy)
        let routes = Set(tree.keys).union(settings.live ?? []).filter { $0.kind == .route }
        for placed in policies {
            reportShortDeadline(placed)
            for (glob, position) in zip(placed.policy.routes, placed.routePositions) {
                guard !routes.isEmpty, !routes.contains(where: glob.matches) else { continue }
                findings.warning(
                    "policyWithoutRoute",
                    at: position,
                    "no route matches \(quoted(glob.pattern)) of rollout policy "
                        + "\(quoted(placed.policy.name)); correct it, or leave it out"
                )
            }
        }
        for route in routes.sorted() {
            let tied = RolloutPolicy.closest(to: route, in: all).map(\.name)
            guard tied.count > 1, Set(tied).count > 1,
                let second = policies.filter({ tied.contains($0.policy.name) }).dropFirst().first
            else { continue }
            let names = alternatives(tied.sorted().map(quoted), joined: "and")
            findings.error(
                "policyTie",
                at: second.routePositions.first ?? second.position,
                "rollout policies \(names) fit \(route) equally well; "
                    + "make one of their globs closer"
            )
        }
    }

    /// A rollout whose steps cannot all fit in its deadline would always be taken back.
    private mutating func reportShortDeadline(_ placed: PlacedPolicy) {
        let policy = placed.policy
        let sampling = policy.gates.map { $0.every * $0.samples }.max() ?? .zero
        let least = max(policy.soak, sampling) * policy.steps.count
        guard least >= policy.deadline else { return }
        findings.warning(
            "deadlineTooShort",
            at: placed.position,
            "rollout policy \(quoted(policy.name)) needs \(DurationText.text(least)) for its "
                + "\(policy.steps.count) steps, and its deadline is "
                + "\(DurationText.text(policy.deadline)); raise the deadline"
        )
    }
}
