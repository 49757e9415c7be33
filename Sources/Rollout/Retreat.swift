import Planning

extension RolloutMachine {
    /// The ledger's disk is full: what moved goes back, by the intents that are on disk, and then
    /// nothing more is written; `semantics` §7.
    ///
    /// From here on no new intent is recorded, so every write that still leaves has one on disk.
    mutating func retreat(_ turn: inout Turn) {
        guard !progress.isRetreating, progress.stage != .ready, progress.stage != .ended else {
            return
        }
        progress.isRetreating = true
        progress.succession = nil
        for index in progress.shifts.indices { returnShift(index, .ledgerFull, &turn) }
        guard let run = progress.wave, let wave = plan.wave(run.phase, run.index) else {
            if progress.stage != .ended { rest(&turn) }
            return
        }
        guard wave.gates.isEmpty else { return returnWave(.ledgerFull, &turn) }
        if settleForReturn(&turn) { rest(&turn) }
    }
}
