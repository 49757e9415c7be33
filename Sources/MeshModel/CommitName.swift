/// A commit, as somebody names it who cannot look into the repository.
package enum CommitName: Hashable, Sendable {
    /// The beginning of its digits is enough, where no other begins so.
    case commit(String)
    /// A branch, a tag or another ref, as `main` or `refs/heads/main`.
    case ref(String)
}
