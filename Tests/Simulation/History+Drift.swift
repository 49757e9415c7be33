import MeshModel
import Planning
import Rollout

/// Strangers who move traffic, and an agent that nobody asked to put it right.
extension History {
    /// What was accepted is bad in half of the histories: then the stranger was right.
    ///
    /// While the correction is written or judged, something else happens in most of them.
    static func judgedDrift(_ random: inout SplitMix64) -> Script {
        let isBad = random.chance(50)
        let accepted = [(isBad ? "checkout-v1-bad" : "checkout-v1", Int64(100))]
        let spare = [Shop.node("checkout-v0"): Shop.nodeSpec("checkout-v0")]
        let cart = [Shop.node("cart-v1"): Shop.nodeSpec("cart-v1", log: "/dev/stderr")]
        let first = shop(checkout: accepted, extra: spare)
        let second = shop(checkout: accepted, extra: spare.merging(cart) { $1 })
        let third = shop(checkout: [("checkout-v0", 50), ("cart-v1", 50)], extra: spare)
        var moments = [Moment(.idle(1), edit([("checkout-v0", 90), ("cart-v1", 10)]))]
        // Nobody rewinds the branch.
        let commit = Int(random.number(1...2))
        for _ in 0..<random.number(0...2) {
            let pause = Moment.Condition.later(random.number(0...200_000))
            moments.append(Moment(pause, disturbance(commit, &random)))
        }
        return Script(
            commits: [Commit(1, first), Commit(2, second), Commit(3, third)],
            moments: moments,
            faults: random.chance(60) ? .none : .some(&random),
            deathAt: random.chance(40) ? Int(random.number(0...200)) : nil,
            corrections: .judged(.all)
        )
    }

    private static func disturbance(
        _ commit: Int,
        _ random: inout SplitMix64
    ) -> Moment.Act {
        switch random.number(0...5) {
        case 0: edit([("checkout-v0", 20), ("cart-v1", 80)])
        case 1: .touch(Shop.route("checkout"))
        case 2: .commit(commit)
        case 3: .stop
        case 4: .order(.abort)
        default: .fillLedger(random.number(60_000...600_000))
        }
    }

    private static func edit(_ weights: [(String, Int64)]) -> Moment.Act {
        .edit(Shop.route("checkout"), Shop.routeSpec(weights))
    }
}
