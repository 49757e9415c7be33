import MeshModel
import Planning
import Rollout

/// What the world answers, with the faults of the history.
extension Simulator {
    mutating func send(_ intent: String, _ write: Write) {
        guard let token = ledger.token(intent, write) else {
            return breakRule("intent before write", "\(write.resource) without a durable intent")
        }
        let isFirst = checkSend(intent, write)
        metrics.flow(mesh, until: now)
        let answer = answer(write, tamper.token(token, write), isFirst: isFirst)
        checkMesh()
        reply(.answered(intent: intent, answer), within: 20...400)
    }

    private mutating func answer(_ write: Write, _ token: String, isFirst: Bool) -> Answer {
        if isThrottled || random.chance(faults.throttled) { return .uncertain("429, slow down") }
        if random.chance(faults.lostNotDone) { return .uncertain("timed out") }
        if random.chance(faults.falseAcknowledgement) { return .acknowledged(requestID: "r-0") }
        if random.chance(faults.lostLate) {
            queue.add(.late(write, token: token), at: now + random.number(500...20_000))
            return .uncertain("timed out")
        }
        let result = mesh.apply(write, token: token, at: now)
        if result == .replayed, isFirst {
            breakRule("token swallowed", "\(write.resource): a new intent was taken for a replay")
        }
        if result == .done, write.action == .create, random.chance(faults.lateNotFound) {
            mesh.hide(write.resource, until: now + random.number(500...20_000))
        }
        if random.chance(faults.lostDone) { return .uncertain("timed out") }
        switch result {
        case .done, .replayed: return .acknowledged(requestID: "r-\(effectsPerformed)")
        case .failed(let answer): return answer
        }
    }

    mutating func observe(_ id: ResourceID) {
        var observation: Observation
        if isThrottled || random.chance(faults.unavailableRead) {
            observation = .unavailable("429, slow down")
        } else {
            let age = random.chance(faults.staleRead) ? random.number(0...10_000) : 0
            observation = mesh.read(id, at: now, age: age)
        }
        reply(.observed(id, observation), within: 10...300)
    }

    mutating func measure(_ id: SampleID, _ new: TrafficTarget) {
        metrics.flow(mesh, until: now)
        reply(.measured(id, reading(new.node)), within: 10...500)
    }

    private mutating func reading(_ node: String) -> Reading {
        let reading = metrics.read(node)
        guard random.chance(faults.metrics), case .counters(let good, let total) = reading else {
            return reading
        }
        switch random.number(0...4) {
        case 0: return .noData("no series")
        case 1: return .error("connection refused")
        case 2: return .counters(good: .nan, total: .nan)
        case 3: return .counters(good: good + 10_000, total: total)
        default:
            metrics.reset(node)
            return metrics.read(node)
        }
    }

    private mutating func reply(_ event: Event, within latency: ClosedRange<Int64>) {
        queue.add(.event(event, epoch: epoch), at: now + random.number(latency))
        guard random.chance(faults.duplicate) else { return }
        queue.add(.event(event, epoch: epoch), at: now + random.number(latency) * 3)
    }
}
