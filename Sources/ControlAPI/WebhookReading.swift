import MeshModel

/// Reads a delivery's body; bounded by the body's size, total on any bytes.
///
/// The body decides what happened, since only the body is signed; headers that say something else
/// refuse it. Facts: Bitbucket's event payloads, and the public fixtures of go-scm and
/// go-playground/webhooks. Neither `commits` nor any link is read: Git is asked instead.
extension WebhookEvent {
    package init(_ headers: DeliveryHeaders, body: [UInt8]) throws(WebhookFault) {
        let root = try Self.root(body)
        switch headers.flavor {
        case .cloud: try self.init(cloud: headers, Payload(root))
        case .dataCenter: try self.init(dataCenter: headers, Payload(root))
        }
    }

    private static func root(_ body: [UInt8]) throws(WebhookFault) -> SpecValue {
        let value: SpecValue
        do throws(JSONError) {
            value = try SpecValue(json: body)
        } catch {
            // The reader's own words could quote a key, which is the sender's.
            throw WebhookFault("the body is not JSON at byte \(error.offset)")
        }
        guard value.members != nil else { throw WebhookFault("the body is not a JSON object") }
        return value
    }

    /// Which of the three families a key or a body belongs to.
    private enum Family: String {
        case push
        case pullRequest = "pull request"
        case other
    }

    private static func agree(
        _ announced: Family,
        _ found: Family
    ) throws(WebhookFault) {
        guard announced == found else {
            throw WebhookFault(
                "X-Event-Key says \(announced.rawValue), the signed body says \(found.rawValue)",
                .contradiction
            )
        }
    }
}

// MARK: - Cloud

extension WebhookEvent {
    private static let cloudPullRequestKeys: Set<String> = [
        "pullrequest:created", "pullrequest:updated", "pullrequest:fulfilled",
        "pullrequest:rejected",
    ]

    private init(cloud headers: DeliveryHeaders, _ root: Payload) throws(WebhookFault) {
        let push = try root.optionalObject(Member.push)
        let pullRequest = try root.optionalObject(Member.cloudPullRequest)
        let announced: Family =
            headers.key == "repo:push"
            ? .push : headers.key.hasPrefix("pullrequest:") ? .pullRequest : .other
        let found: Family = push != nil ? .push : pullRequest != nil ? .pullRequest : .other
        // A Data Center's body under Cloud's headers belongs to no family here.
        try Self.agree(announced, found)
        flavor = .cloud
        key = headers.key
        date = nil
        if let push {
            repository = try Self.cloudRepository(root.object(Member.repository))
            var changes: [RefChange] = []
            for change in try push.objects(Member.changes) {
                if let change = try Self.cloudChange(change) { changes.append(change) }
            }
            content = .push(changes)
        } else if let pullRequest, Self.cloudPullRequestKeys.contains(key) {
            repository = try Self.cloudRepository(root.object(Member.repository))
            content = .pullRequest(try Self.cloudPullRequest(pullRequest))
        } else {
            repository = nil
            content = .other
        }
    }

    private static func cloudRepository(
        _ repository: Payload
    ) throws(WebhookFault) -> RepositoryIdentity {
        let identity = RepositoryIdentity(
            fullName: try repository.text(Member.fullName),
            uuid: try repository.optionalText(Member.uuid)
        )
        guard let identity else {
            throw repository.invalid(Member.fullName, "or uuid is not one of a repository")
        }
        return identity
    }

    /// Nothing for what Git does not have, such as a bookmark of Mercurial.
    private static func cloudChange(_ change: Payload) throws(WebhookFault) -> RefChange? {
        let old = try change.optionalObject(Member.old)
        let new = try change.optionalObject(Member.new)
        guard let present = new ?? old else {
            throw WebhookFault("\(change.path) has neither old nor new")
        }
        guard let kind = RefName.Kind(rawValue: try present.text(Member.type)) else { return nil }
        guard let ref = RefName(kind, try present.text(Member.name)) else {
            throw present.invalid(Member.name, "is not the name of a ref")
        }
        if let old, new != nil {
            let before = RefName.Kind(rawValue: try old.text(Member.type))
            guard before == kind, try old.text(Member.name) == ref.name else {
                throw WebhookFault("\(change.path) has two refs in one change")
            }
        }
        return RefChange(
            ref: ref,
            kind: old == nil ? .created : new == nil ? .deleted : .updated,
            old: try old?.object(Member.target).commit(Member.hash),
            new: try new?.object(Member.target).commit(Member.hash),
            isForced: try change.flag(Member.forced) ?? false,
            isTruncated: try change.flag(Member.truncated) ?? false
        )
    }

    private static func cloudPullRequest(
        _ request: Payload
    ) throws(WebhookFault) -> PullRequestChange {
        let word = try request.text(Member.state)
        guard let state = PullRequestChange.State(rawValue: word.lowercased()) else {
            throw request.invalid(Member.state, "is not a state")
        }
        return PullRequestChange(
            number: try request.integer(Member.id),
            state: state,
            isDraft: try request.flag(Member.draft) ?? false,
            source: try cloudSide(request.object(Member.source)),
            destination: try cloudSide(request.object(Member.destination))
        )
    }

    private static func cloudSide(_ side: Payload) throws(WebhookFault) -> PullRequestChange.Side {
        let branch = try side.object(Member.branch)
        guard let ref = RefName(.branch, try branch.text(Member.name)) else {
            throw branch.invalid(Member.name, "is not the name of a branch")
        }
        let repository = try side.optionalObject(Member.repository)
        return PullRequestChange.Side(
            branch: ref,
            commit: try side.optionalObject(Member.commit)?.commit(Member.hash, orShort: true),
            repository: try repository.map(cloudRepository)
        )
    }
}

// MARK: - Data Center

extension WebhookEvent {
    private static let dataCenterPullRequestKeys: Set<String> = [
        "pr:opened", "pr:from_ref_updated", "pr:to_ref_updated", "pr:modified", "pr:merged",
        "pr:declined", "pr:deleted",
    ]

    private init(dataCenter headers: DeliveryHeaders, _ root: Payload) throws(WebhookFault) {
        flavor = .dataCenter
        key = headers.key
        let signedKey = try root.text(Member.eventKey)
        guard signedKey == key else {
            throw WebhookFault("X-Event-Key is not the eventKey that was signed", .contradiction)
        }
        let word = try root.optionalText(Member.date)
        date = word.flatMap(EventDate.milliseconds)
        if word != nil, date == nil { throw root.invalid(Member.date, "is not a date") }
        if key == "repo:refs_changed" {
            repository = try Self.dataCenterRepository(root.object(Member.repository))
            var changes: [RefChange] = []
            for change in try root.objects(Member.changes) {
                if let change = try Self.dataCenterChange(change) { changes.append(change) }
            }
            content = .push(changes)
        } else if Self.dataCenterPullRequestKeys.contains(key) {
            let request = try Self.dataCenterPullRequest(
                root.object(Member.dataCenterPullRequest),
                isDeleted: key == "pr:deleted"
            )
            repository = request.destination.repository
            content = .pullRequest(request)
        } else {
            repository = nil
            content = .other
        }
    }

    private static func dataCenterRepository(
        _ repository: Payload
    ) throws(WebhookFault) -> RepositoryIdentity {
        let identity = RepositoryIdentity(
            project: try repository.object(Member.project).text(Member.key),
            slug: try repository.text(Member.slug)
        )
        guard let identity else {
            throw repository.invalid(Member.slug, "or the project's key is not a name")
        }
        return identity
    }

    /// Nothing for a ref that is neither branch nor tag.
    private static func dataCenterChange(_ change: Payload) throws(WebhookFault) -> RefChange? {
        let full =
            if let id = try change.optionalText(Member.refID) {
                id
            } else {
                try change.object(Member.ref).text(Member.id)
            }
        guard full.hasPrefix("refs/heads/") || full.hasPrefix("refs/tags/") else { return nil }
        guard let ref = RefName(full: full) else {
            throw change.invalid(Member.refID, "is not the name of a ref")
        }
        let old = try change.commit(Member.fromHash)
        let new = try change.commit(Member.toHash)
        let kinds: [String: RefChange.Kind] = [
            "ADD": .created, "UPDATE": .updated, "DELETE": .deleted,
        ]
        guard let kind = kinds[try change.text(Member.type)],
            isZero(old) == (kind == .created), isZero(new) == (kind == .deleted)
        else {
            throw change.invalid(Member.type, "does not fit the commits")
        }
        return RefChange(
            ref: ref,
            kind: kind,
            old: isZero(old) ? nil : old,
            new: isZero(new) ? nil : new,
            isForced: nil,
            isTruncated: false
        )
    }

    private static func isZero(_ hash: String) -> Bool { hash.utf8.allSatisfy { $0 == 0x30 } }

    private static func dataCenterPullRequest(
        _ request: Payload,
        isDeleted: Bool
    ) throws(WebhookFault) -> PullRequestChange {
        let word = try request.text(Member.state)
        guard let state = PullRequestChange.State(rawValue: word.lowercased()) else {
            throw request.invalid(Member.state, "is not a state")
        }
        let destination = try dataCenterSide(request.object(Member.toRef))
        return PullRequestChange(
            number: try request.integer(Member.id),
            state: isDeleted ? .deleted : state,
            isDraft: try request.flag(Member.draft) ?? false,
            source: try dataCenterSide(request.object(Member.fromRef)),
            destination: destination
        )
    }

    private static func dataCenterSide(
        _ side: Payload
    ) throws(WebhookFault) -> PullRequestChange.Side {
        guard let ref = RefName(full: try side.text(Member.id)), ref.kind == .branch else {
            throw side.invalid(Member.id, "is not the name of a branch")
        }
        return PullRequestChange.Side(
            branch: ref,
            commit: try side.commit(Member.latestCommit),
            repository: try dataCenterRepository(side.object(Member.repository))
        )
    }
}

/// Members of payloads; whatever is not here is not read.
private enum Member {
    static let branch = "branch"
    static let changes = "changes"
    static let cloudPullRequest = "pullrequest"
    static let commit = "commit"
    static let dataCenterPullRequest = "pullRequest"
    static let date = "date"
    static let destination = "destination"
    static let draft = "draft"
    static let eventKey = "eventKey"
    static let forced = "forced"
    static let fromHash = "fromHash"
    static let fromRef = "fromRef"
    static let fullName = "full_name"
    static let hash = "hash"
    static let id = "id"
    static let key = "key"
    static let latestCommit = "latestCommit"
    static let name = "name"
    static let new = "new"
    static let old = "old"
    static let project = "project"
    static let push = "push"
    static let ref = "ref"
    static let refID = "refId"
    static let repository = "repository"
    static let slug = "slug"
    static let source = "source"
    static let state = "state"
    static let target = "target"
    static let toHash = "toHash"
    static let toRef = "toRef"
    static let truncated = "truncated"
    static let type = "type"
    static let uuid = "uuid"
}
