import MeshModel
import Synchronization

/// Draws which requests go wrong, and how; the same seed and the same order of requests give the
/// same faults.
final class Faults: Sendable {
    /// What happens to one request.
    enum Fate: Hashable {
        case fine
        /// Answered so, and not done.
        case refused(Refusal.Code)
        /// Done, and the connection ends without an answer.
        case lost
    }

    /// One request in so many begins a burst of 429.
    private static let requestsPerBurst = 20.0

    private struct State {
        var random: SplitMix64
        var burst = 0
    }

    private let options: FaultOptions
    private let seed: UInt64
    private let state: Mutex<State>

    init(_ options: FaultOptions, seed: UInt64) {
        self.options = options
        self.seed = seed
        state = Mutex(State(random: SplitMix64(seed: seed)))
    }

    var latency: Duration { options.latency }

    /// The fate of the next request.
    func next() -> Fate {
        state.withLock { state in
            // Always as many draws, so that one option does not move the draws of another.
            let burst = state.random.unit()
            let failure = state.random.unit()
            let loss = state.random.unit()
            let code: Refusal.Code =
                state.random.unit() < 0.5 ? .internalServerError : .serviceUnavailable
            if state.burst == 0, burst * Self.requestsPerBurst < 1 {
                state.burst = options.throttleBurst
            }
            if state.burst > 0 {
                state.burst -= 1
                return .refused(.tooManyRequests)
            }
            if failure < options.failRate { return .refused(code) }
            return loss < options.loseAnswers ? .lost : .fine
        }
    }

    /// When a created resource can first be found, in milliseconds since 1970: a moment of its own
    /// for every resource, up to `lateNotFound` after its creation.
    func visibleFrom(_ resource: StoredResource) -> Int64 {
        guard options.lateNotFound > .zero else { return resource.createdAt }
        let subject = "\(resource.id.fullAddress)#\(resource.createdAt)"
        var random = SplitMix64(seed: seed, about: subject)
        let delay = Double(options.lateNotFound.milliseconds) * random.unit()
        return resource.createdAt.addingReportingOverflow(Int64(delay)).partialValue
    }

    static func text(of code: Refusal.Code) -> String {
        switch code {
        case .tooManyRequests:
            "The maximum request rate permitted by the App Mesh APIs has been exceeded for your "
                + "account. For best results, use an increasing or variable sleep interval "
                + "between requests."
        case .serviceUnavailable:
            "The request has failed due to a temporary failure of the service."
        default:
            "The request processing has failed because of an unknown error, exception, or failure."
        }
    }
}
