import MeshModel

/// How long and how often a rollout tries again before it says what is wrong.
enum Patience {
    /// App Mesh shows new things late; `semantics` §7 grants them two minutes.
    static let visibility = Duration.seconds(120)
    /// Sends of one intent that were acknowledged and yet not there afterwards.
    ///
    /// The waits between eight sends make two minutes, the time that is granted to visibility.
    static let swallowedSends = 8
    /// For the way back: its route's own deadline may be over when it starts.
    static let rollback = Duration.seconds(30 * 60)
    /// Between two plans of a newer commit that could not be made.
    static let planning = Duration.seconds(15)
    /// Between two plans of a newer commit while a person holds the target.
    static let hold = Duration.seconds(60)
    /// The shortest time between two samples, so that a policy cannot make the machine spin.
    static let sampling = Duration.milliseconds(100)

    /// 1 s, doubled with every wait in a row, capped at 30 s: App Mesh's limits refill within
    /// seconds, and the client below has already retried with jitter.
    static func backoff(after waits: Int) -> Duration {
        let doublings = min(max(waits, 0), 5)
        return .seconds(min(1 << doublings, 30))
    }
}
