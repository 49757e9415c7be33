/// A hint that it is time to look at the repository.
///
/// A hint and no more: the loop lists the remote's refs and reads Git, as polling does. What stands
/// here may be late, out of order, or of commits that no longer exist.
package struct Nudge: Hashable, Sendable {
    package enum Cause: Hashable, Sendable {
        /// The refs that moved, at least one; a deleted one has no new commit.
        case push([RefChange])
        case pullRequest(PullRequestChange)
    }

    /// Of the delivery in `/v1/deliveries`.
    package let id: String
    /// Milliseconds since 1970 at which it arrived.
    package let time: Int64
    package let repository: RepositoryIdentity
    package let cause: Cause
}
