import MeshModel
import Rollout

extension History {
    /// A person's orders for a good version, under faults, and sometimes a newer commit.
    static func orders(_ random: inout SplitMix64) -> Script {
        let cart = Shop.nodeSpec("cart-v1", log: "/dev/stderr")
        let second = shop(
            checkout: canaryWeights,
            cart: [("cart-v1", 0), ("cart-v2", 100)],
            extra: random.chance(50) ? [Shop.node("cart-v1"): cart] : [:]
        )
        let third = shop(checkout: [("checkout-v1", 0), ("checkout-v3", 100)])
        var moments = [Moment(.idle(1), .commit(1))]
        for _ in 0...random.number(0...3) {
            let verb = random.pick(RolloutOrder.Verb.allCases) ?? .pause
            let pause = Moment.Condition.later(random.number(0...120_000))
            moments.append(Moment(pause, random.chance(20) ? .commit(2) : .order(verb)))
        }
        // Nobody leaves for the weekend with a rollout paused.
        moments.append(Moment(.later(random.number(0...2_400_000)), .order(.resume)))
        return Script(
            commits: [Commit(1, shop()), Commit(2, second), Commit(3, third)],
            moments: moments,
            faults: random.chance(50) ? .none : .some(&random),
            deathAt: random.chance(50) ? Int(random.number(0...200)) : nil,
            quietFrom: 90 * 60_000
        )
    }
}
