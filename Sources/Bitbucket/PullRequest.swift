import AWSClient
import FoundationEssentials
import MeshModel

/// An open pull request, as far as a plan of its head needs it; never from a webhook's payload.
package struct PullRequest: Hashable, Sendable {
    package let number: Int64
    /// The ref of the watched repository that its head is fetched from.
    package let ref: String
    /// The beginning of its head's id: all of it in a data center, twelve digits in Cloud.
    package let head: String
    /// The branch it goes to, without `refs/heads/`.
    package let destination: String
}

extension BitbucketClient {
    /// Every open pull request whose head can be fetched, by number.
    ///
    /// A data center offers the heads of forks, too; in Cloud they lie in another repository.
    package func openPullRequests() async throws(BitbucketFailure) -> [PullRequest] {
        let purpose = "List the pull requests of \(repository.fullName)"
        switch repository.flavor {
        case .cloud:
            let path = repository.path("pullrequests?state=OPEN&pagelen=50")
            let listed: [CloudPullRequest] = try await all(purpose, path)
            return listed.compactMap { $0.value(in: repository) }.sorted { $0.number < $1.number }
        case .dataCenter:
            let path = repository.path("pull-requests?state=OPEN&limit=100")
            let listed: [DataCenterPullRequest] = try await all(purpose, path)
            return listed.compactMap(\.value).sorted { $0.number < $1.number }
        }
    }
}

/// What is read of a pull request in Cloud; nothing of it is certain to be there.
private struct CloudPullRequest: Decodable, Sendable {
    struct Side: Decodable {
        struct Branch: Decodable { let name: String? }
        struct Commit: Decodable { let hash: String? }
        struct Repository: Decodable {
            enum CodingKeys: String, CodingKey { case fullName = "full_name" }

            let fullName: String?
        }

        let branch: Branch?
        let commit: Commit?
        let repository: Repository?
    }

    let id: Int64?
    let source: Side?
    let destination: Side?

    func value(in repository: BitbucketRepository) -> PullRequest? {
        guard let id, let branch = source?.branch?.name, let head = source?.commit?.hash,
            let destination = destination?.branch?.name,
            source?.repository?.fullName?.lowercased() == repository.fullName.lowercased()
        else { return nil }
        return PullRequest(id, ref: "refs/heads/" + branch, head: head, to: destination)
    }
}

/// The same of a data center.
private struct DataCenterPullRequest: Decodable, Sendable {
    struct Side: Decodable {
        let id: String?
        let latestCommit: String?
    }

    let id: Int64?
    let fromRef: Side?
    let toRef: Side?

    var value: PullRequest? {
        guard let id, let head = fromRef?.latestCommit, let target = toRef?.id,
            target.hasPrefix("refs/heads/")
        else { return nil }
        let destination = String(target.dropFirst("refs/heads/".count))
        return PullRequest(id, ref: "refs/pull-requests/\(id)/from", head: head, to: destination)
    }
}

extension PullRequest {
    /// Nothing for numbers and ids that are none.
    fileprivate init?(_ number: Int64, ref: String, head: String, to destination: String) {
        let head = head.lowercased()
        guard number > 0, (7...40).contains(head.utf8.count),
            head.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.init(number: number, ref: ref, head: head, destination: destination)
    }
}
