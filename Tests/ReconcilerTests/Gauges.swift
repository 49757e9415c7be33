import MeshModel
import Reconciler
import Synchronization

/// What gates measure: a number for every node, 100 unless it was set.
final class Gauges: MetricSource {
    /// What goes on in the world while a sample is taken.
    typealias Meanwhile = @Sendable () async throws -> Void

    private struct State {
        var values: [String: Double] = [:]
        var meanwhile: Meanwhile?
    }

    private let state = Mutex(State())

    func set(_ node: String, to value: Double) { state.withLock { $0.values[node] = value } }

    func meanwhile(_ action: @escaping Meanwhile) { state.withLock { $0.meanwhile = action } }

    /// Forgets the action; whether it was still there, since two samples may be under way.
    func forgetMeanwhile() -> Bool {
        state.withLock { state in
            defer { state.meanwhile = nil }
            return state.meanwhile != nil
        }
    }

    func read(_ gate: Gate, new: TrafficTarget, old: TrafficTarget?) async -> Reading {
        do { try await state.withLock { $0.meanwhile }?() } catch { return .error("\(error)") }
        return .number(state.withLock { $0.values[new.node] ?? 100 })
    }
}
