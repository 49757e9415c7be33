import Planning

/// A survey that is made beside the loop.
struct Scan {
    /// Told apart by identity: what an ended scan still brings is nobody's.
    final class ID: Sendable {}

    let id: ID
    let task: Task<Void, Never>
    /// What people had asked for when it began.
    let asked: Wishes
    let isOnlyTold: Bool
    var found: Result<Survey, any Error>?
}
