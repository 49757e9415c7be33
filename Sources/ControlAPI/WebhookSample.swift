import MeshModel

/// A signed push as Bitbucket Cloud would send it, to see whether a port takes deliveries.
package struct WebhookSample: Sendable {
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    /// A push that moves a branch to a commit which nobody has; the loop looks, and finds nothing.
    package init(
        repository: RepositoryIdentity,
        branch: RefName,
        id: String,
        commit: String,
        secret: WebhookSecret
    ) {
        let target: SpecValue = ["type": "commit", "hash": .string(commit)]
        let side: SpecValue = [
            "type": .string(branch.kind.rawValue), "name": .string(branch.name), "target": target,
        ]
        let change: SpecValue = [
            "old": side, "new": side, "created": false, "closed": false, "forced": false,
            "truncated": false,
        ]
        let payload: SpecValue = [
            "push": ["changes": [change]],
            "repository": ["type": "repository", "full_name": .string(repository.fullName)],
        ]
        body = Array(payload.json.utf8)
        headers = [
            ("Content-Type", "application/json"), ("X-Event-Key", "repo:push"),
            ("X-Request-UUID", id), ("X-Attempt-Number", "1"),
            ("X-Hub-Signature", WebhookSignature.header(for: body, secret: secret)),
        ]
    }
}

/// What a webhook port answered.
package struct WebhookAnswer: Hashable, Sendable {
    package let decision: DeliveryDecision
    /// The port's own words, not to be trusted by a terminal.
    package let reason: String

    /// Reads the answer's body; nothing where it is not one of ours.
    package init?(body: some Sequence<UInt8>) {
        guard let answer = try? SpecValue(json: body),
            let word = answer[Member.decision]?.text,
            let decision = DeliveryDecision(rawValue: word),
            let reason = answer[Member.reason]?.text
        else { return nil }
        self.init(decision, reason)
    }

    init(_ decision: DeliveryDecision, _ reason: String) {
        self.decision = decision
        self.reason = reason
    }

    var json: SpecValue {
        .object([
            Member.decision: .string(decision.rawValue), Member.reason: .string(reason),
        ])
    }

    private enum Member {
        static let decision = "decision"
        static let reason = "reason"
    }
}
