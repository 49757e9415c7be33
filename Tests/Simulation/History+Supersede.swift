import MeshModel

/// Newer commits while the checkout moves from its first to its second version.
extension History {
    /// What the third commit does to the checkout is drawn, and whether the world is kind.
    static func commitAtHalf(_ random: inout SplitMix64) -> Script {
        let isChanged = random.chance(50)
        var script = superseded(
            at: half(&random),
            by: isChanged ? other(&random) : unrelated(1)
        )
        script.faults = random.chance(50) ? .none : .some(&random)
        if random.chance(30) { script.deathAt = Int(random.number(0...200)) }
        return script
    }

    /// Commits that touch the cart only, faster than a step of the checkout soaks.
    static func unrelatedStream(_ random: inout SplitMix64) -> Script {
        let count = Int(random.number(2...8))
        let commits = (1...count).map { Commit($0 + 2, unrelated($0)) }
        let start = Moment.Condition.weight(
            Shop.route("checkout"),
            node: "checkout-v2",
            10,
            for: random.number(0...50_000)
        )
        var script = superseded(at: start, by: unrelated(1))
        script.commits = Array(script.commits.prefix(2)) + commits
        for number in 2...max(count, 2) {
            script.moments.append(
                Moment(.later(random.number(1_000...50_000)), .commit(number + 1))
            )
        }
        return script
    }

    /// Commits that change the cart's node, each before the one before has soaked, from the one on
    /// that moves the checkout: in place, and sometimes badly, or by expanding it.
    static func busyNeighbour(_ random: inout SplitMix64) -> Script {
        let isExpanding = random.chance(30)
        var script = Script(commits: [Commit(1, shop())])
        for number in 1...random.number(4...20) {
            let log = random.chance(10) ? "/var/log/bad" : "/dev/stderr"
            let cart =
                isExpanding
                ? Shop.nodeSpec("cart-v1", timeout: 20_000 + number)
                : Shop.nodeSpec("cart-v1", log: "\(log)/\(number)")
            let when = Moment.Condition.later(random.number(1_000...50_000))
            script.moments.append(Moment(number == 1 ? .idle(1) : when, .commit(Int(number))))
            script.commits.append(
                Commit(
                    Int(number) + 1,
                    shop(checkout: canaryWeights, extra: [Shop.node("cart-v1"): cart])
                )
            )
        }
        if random.chance(50) { script.faults = .some(&random) }
        if random.chance(30) { script.deathAt = Int(random.number(0...300)) }
        return script
    }

    /// The third commit declares what the first one did.
    static func backAtHalf(_ random: inout SplitMix64) -> Script {
        var script = superseded(at: half(&random), by: shop())
        script.faults = random.chance(50) ? .none : .some(&random)
        if random.chance(30) { script.deathAt = Int(random.number(0...200)) }
        return script
    }

    /// A stranger's edit of the route a moment before or after a newer commit.
    static func commitAndStrangerAtHalf(_ random: inout SplitMix64) -> Script {
        let weights = [("checkout-v1", Int64(80)), ("checkout-v2", 20)]
        let edit: Moment.Act =
            random.chance(70)
            ? .edit(Shop.route("checkout"), Shop.routeSpec(weights))
            : .touch(Shop.route("checkout"))
        let bodies = random.chance(50) ? other(&random) : unrelated(1)
        var script = superseded(at: half(&random), by: bodies)
        guard let commit = script.moments.popLast() else { return script }
        let pause = Moment.Condition.later(random.number(0...8_000))
        script.moments +=
            random.chance(50)
            ? [commit, Moment(pause, edit)]
            : [Moment(commit.condition, edit), Moment(pause, commit.act)]
        return script
    }

    private static func superseded(
        at condition: Moment.Condition,
        by third: [ResourceID: SpecValue]
    ) -> Script {
        Script(
            commits: [
                Commit(1, shop()), Commit(2, shop(checkout: canaryWeights)), Commit(3, third),
            ],
            moments: [Moment(.idle(1), .commit(1)), Moment(condition, .commit(2))]
        )
    }

    /// The canary as it is, and another body of the cart's node for every number.
    private static func unrelated(_ number: Int) -> [ResourceID: SpecValue] {
        let cart = Shop.nodeSpec("cart-v1", log: "/dev/stderr/\(number)")
        return shop(checkout: canaryWeights, extra: [Shop.node("cart-v1"): cart])
    }

    /// Something else for the checkout: a third version, other weights, or another node body.
    private static func other(_ random: inout SplitMix64) -> [ResourceID: SpecValue] {
        switch random.number(0...2) {
        case 0: shop(checkout: [("checkout-v1", 0), ("checkout-v3", 100)])
        case 1: shop(checkout: [("checkout-v1", 70), ("checkout-v2", 30)])
        default:
            shop(
                checkout: canaryWeights,
                extra: [
                    Shop.node("checkout-v2"): Shop.nodeSpec("checkout-v2", log: "/dev/stderr")
                ]
            )
        }
    }
}
