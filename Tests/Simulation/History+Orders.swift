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

    /// A rollout that has to stay where it is for several reasons, which come and go in any order.
    static func pauses(_ random: inout SplitMix64) -> Script {
        let third = shop(checkout: [("checkout-v1", 0), ("checkout-v3", 100)])
        let acts: [Moment.Act] = [
            .order(.pause), .order(.pause), .suspend(.atStep), .suspend(.lifted), .withdraw,
            .commit(2), .order(.resume),
        ]
        var moments = [Moment(.idle(1), .commit(1))]
        for _ in 0...random.number(2...6) {
            let act = random.pick(acts) ?? .withdraw
            moments.append(Moment(.later(random.number(0...60_000)), act))
        }
        moments.append(Moment(.later(random.number(0...600_000)), .suspend(.lifted)))
        moments.append(Moment(.later(random.number(0...600_000)), .order(.resume)))
        return Script(
            commits: [
                Commit(1, shop()), Commit(2, shop(checkout: canaryWeights)), Commit(3, third),
            ],
            moments: moments,
            faults: random.chance(30) ? .some(&random) : .none,
            deathAt: random.chance(50) ? Int(random.number(0...200)) : nil,
            quietFrom: 90 * 60_000
        )
    }
}
