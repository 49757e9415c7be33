import FoundationEssentials
import MeshModel

/// Something to say to Bitbucket, whole: the newest of what it is about replaces the older.
package enum Note: Hashable, Sendable {
    case status(CommitStatus)
    case pullRequest(PullRequestReport)

    enum Subject: Hashable {
        case commit(String, StatusKey)
        case pullRequest(Int64)
    }

    var subject: Subject {
        switch self {
        case .status(let status): .commit(status.commit, status.key)
        case .pullRequest(let report): .pullRequest(report.number)
        }
    }
}

extension BitbucketClient {
    /// Makes every call of a note; made again from the start, they lead to the same end.
    ///
    /// Answers whether Bitbucket asks for fewer calls.
    func deliver(_ note: Note) async throws(BitbucketFailure) -> Bool {
        switch note {
        case .status(let status):
            return try await send(status.call(to: repository)).isNearLimit
        case .pullRequest(let report):
            for plan in report.plans {
                try await send(InsightsCalls(plan, on: report.commit, in: repository))
            }
            return try await comment(PlanComment(report), on: report.number)
        }
    }

    private func send(_ calls: InsightsCalls) async throws(BitbucketFailure) {
        do { _ = try await send(calls.remove) } catch {
            // There was none, which is as good as removed.
            guard error.status == 404 else { throw error }
        }
        _ = try await send(calls.put)
        for call in calls.annotate { _ = try await send(call) }
    }

    /// Brings our comment up to date, or writes it where there is none.
    private func comment(
        _ comment: PlanComment,
        on number: Int64
    ) async throws(BitbucketFailure) -> Bool {
        let purpose = "Comment on pull request \(number)"
        let path = repository.pullRequestPath(number) + "/comments"
        for old in try await comments(on: number) where comment.isOurs(old.text) {
            guard old.text != comment.text else { return false }
            let body = repository.body(of: comment.text, version: old.version)
            let call = BitbucketCall(purpose, .put, "\(path)/\(old.id)", body)
            do { return try await send(call).isNearLimit } catch {
                // Somebody copied our last line, or removed the comment meanwhile.
                guard error.status == 403 || error.status == 404 else { throw error }
            }
        }
        let body = repository.body(of: comment.text, version: nil)
        return try await send(BitbucketCall(purpose, .post, path, body)).isNearLimit
    }

    /// The comments that stand on a pull request as a whole, oldest first.
    private func comments(on number: Int64) async throws(BitbucketFailure) -> [OldComment] {
        let purpose = "List the comments of pull request \(number)"
        let path = repository.pullRequestPath(number)
        let found: [OldComment]
        switch repository.flavor {
        case .cloud:
            let listed: [CloudComment] = try await all(purpose, path + "/comments?pagelen=100")
            found = listed.compactMap(\.value)
        case .dataCenter:
            // There is no list of comments without a file; what happened lists them all.
            let listed: [Activity] = try await all(purpose, path + "/activities?limit=100")
            found = listed.compactMap(\.value)
        }
        // An edited comment is listed with each of its versions.
        let newest = Dictionary(found.map { ($0.id, $0) }) { $0.version < $1.version ? $1 : $0 }
        return newest.values.sorted { $0.id < $1.id }
    }
}

/// A comment as it stands.
private struct OldComment: Sendable {
    let id: Int64
    let text: String
    /// What a data center compares before it takes a change; 0 in Cloud.
    let version: Int64
}

private struct CloudComment: Decodable, Sendable {
    struct Content: Decodable { let raw: String? }

    let id: Int64?
    let content: Content?
    let deleted: Bool?

    var value: OldComment? {
        guard let id, let text = content?.raw, deleted != true else { return nil }
        return OldComment(id: id, text: text, version: 0)
    }
}

private struct Activity: Decodable, Sendable {
    struct Comment: Decodable {
        let id: Int64?
        let text: String?
        let version: Int64?
    }

    let action: String?
    let comment: Comment?

    var value: OldComment? {
        guard action == "COMMENTED", let id = comment?.id, let text = comment?.text else {
            return nil
        }
        return OldComment(id: id, text: text, version: comment?.version ?? 0)
    }
}

extension BitbucketRepository {
    fileprivate func pullRequestPath(_ number: Int64) -> String {
        path("\(flavor == .cloud ? "pullrequests" : "pull-requests")/\(number)")
    }

    fileprivate func body(of text: String, version: Int64?) -> SpecValue {
        switch flavor {
        case .cloud: return ["content": ["raw": .string(text)]]
        case .dataCenter:
            var members: [String: SpecValue] = ["text": .string(text)]
            members["version"] = version.map { .integer($0) }
            return .object(members)
        }
    }
}
