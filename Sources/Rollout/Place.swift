import MeshModel
import Planning

/// The three kinds of waves, in the order in which they run around the shifts.
enum Phase: String, Hashable, Sendable, Codable, CaseIterable {
    case expand
    case inPlace
    case contract
}

/// Where in the plan a write stands: enough to find its body again, small enough to checkpoint.
enum Place: Hashable, Sendable, Codable {
    case wave(Phase, Int, write: Int)
    case waveReturn(Phase, Int, write: Int)
    case step(shift: Int, step: Int)
    case shiftReturn(shift: Int)

    /// The write takes a resource back to its baseline.
    var isReturn: Bool {
        switch self {
        case .wave, .step: false
        case .waveReturn, .shiftReturn: true
        }
    }
}

extension Plan {
    func waves(of phase: Phase) -> [Wave] {
        switch phase {
        case .expand: expand
        case .inPlace: inPlace
        case .contract: contract
        }
    }

    func wave(_ phase: Phase, _ index: Int) -> Wave? { waves(of: phase).at(index) }

    /// The write at a place, as the plan has it.
    ///
    /// The plan's own `before` and `expects` hold for the first write of a resource only; later
    /// ones build on what was read back.
    func write(at place: Place) -> Write? {
        switch place {
        case .wave(let phase, let index, let write): wave(phase, index)?.writes.at(write)
        case .waveReturn(let phase, let index, let write): wave(phase, index)?.rollback.at(write)
        case .step(let shift, let step):
            shifts.at(shift)
                .flatMap { shift in
                    shift.steps.at(step).map { shift.update(to: $0.body) }
                }
        case .shiftReturn(let shift): shifts.at(shift).map { $0.update(to: $0.baseline) }
        }
    }
}

extension Shift {
    fileprivate func update(to body: SpecValue) -> Write {
        Write(resource: route, action: .update, body: body, before: before, expects: expects)
    }
}

extension Array {
    /// The element at a position that may lie outside: a checkpoint comes from a disk.
    func at(_ index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
