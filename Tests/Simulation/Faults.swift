package import MeshModel

/// What can go wrong around a rollout, each with its probability in percent.
package struct Faults: Hashable, Sendable {
    /// A write is refused for now, and was not done.
    package var throttled = 0
    /// The answer is lost, and the write was done.
    package var lostDone = 0
    /// The answer is lost, and the write was not done.
    package var lostNotDone = 0
    /// The answer is lost, and the write is done up to 20 s later.
    package var lostLate = 0
    /// The write is acknowledged and swallowed.
    package var falseAcknowledgement = 0
    /// A read answers with the state of up to 10 s ago.
    package var staleRead = 0
    package var unavailableRead = 0
    /// A created resource is not visible for up to 20 s.
    package var lateNotFound = 0
    /// No number, an error, NaN, more good than total, a counter reset.
    package var metrics = 0
    /// The process dies at an effect.
    package var death = 0
    /// An event is delivered twice.
    package var duplicate = 0

    package static let none = Faults()

    /// A little of everything.
    package static func some(_ random: inout SplitMix64) -> Faults {
        func level(_ random: inout SplitMix64) -> Int {
            random.chance(50) ? 0 : Int(random.number(1...15))
        }
        var faults = Faults()
        faults.throttled = level(&random)
        faults.lostDone = level(&random)
        faults.lostNotDone = level(&random)
        faults.lostLate = level(&random)
        faults.falseAcknowledgement = level(&random)
        faults.staleRead = level(&random)
        faults.unavailableRead = level(&random)
        faults.lateNotFound = level(&random)
        faults.metrics = level(&random)
        faults.death = random.chance(50) ? 0 : Int(random.number(1...4))
        faults.duplicate = level(&random)
        return faults
    }

    /// Lost answers and stale reads everywhere.
    package static let lostAnswers = Faults(
        lostDone: 40,
        lostNotDone: 20,
        lostLate: 10,
        staleRead: 40
    )
}
