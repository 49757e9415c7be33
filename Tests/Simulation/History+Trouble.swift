import MeshModel

/// A canary whose surroundings fail in the middle of it.
extension History {
    /// The mesh refuses every call for a minute, and sometimes the process is told to stop then.
    static func meshGone(_ random: inout SplitMix64) -> Script {
        var moments = [
            Moment(.idle(1), .commit(1)), Moment(nearAStep(&random), .throttle(60_000)),
        ]
        if random.chance(50) { moments.append(Moment(.later(random.number(0...30_000)), .stop)) }
        return canary(moments, &random)
    }

    /// The ledger's disk is full for a while, and then somebody makes room.
    static func fullLedger(_ random: inout SplitMix64) -> Script {
        let time = random.number(60_000...1_200_000)
        var moments = [
            Moment(.idle(1), .commit(1)), Moment(nearAStep(&random), .fillLedger(time)),
        ]
        if random.chance(30) {
            moments.append(Moment(.later(random.number(0...10_000)), .commit(2)))
        }
        return canary(moments, &random)
    }

    /// In the soak at 10 % or at 50 %, or before that step is read back.
    private static func nearAStep(_ random: inout SplitMix64) -> Moment.Condition {
        let time = random.chance(50) ? 0 : random.number(1...60_000)
        let weight: Int64 = random.chance(50) ? 10 : 50
        return .weight(Shop.route("checkout"), node: "checkout-v2", weight, for: time)
    }

    /// The cart's node changes in place, in the third commit again.
    private static func canary(_ moments: [Moment], _ random: inout SplitMix64) -> Script {
        let bodies = ["/dev/stderr", "/dev/null"]
            .map { log in
                let cart = Shop.nodeSpec("cart-v1", log: log)
                return shop(checkout: canaryWeights, extra: [Shop.node("cart-v1"): cart])
            }
        return Script(
            commits: [Commit(1, shop()), Commit(2, bodies[0]), Commit(3, bodies[1])],
            moments: moments,
            faults: random.chance(50) ? .none : .some(&random),
            deathAt: random.chance(30) ? Int(random.number(0...200)) : nil
        )
    }
}
