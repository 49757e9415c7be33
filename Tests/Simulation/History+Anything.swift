import MeshModel

extension History {
    /// Commits, strangers, stops and clock jumps at any time, under faults of any kind.
    static func anything(_ random: inout SplitMix64) -> Script {
        var script = Script()
        script.faults = .some(&random)
        let policy = Shop.policy(
            steps: random.pick([[100], [5, 25, 50, 100], [10, 50, 100]]) ?? [100],
            onFailure: random.chance(15) ? .halt : .rollback
        )
        var versions = (checkout: 1, cart: 1)
        var time: Int64 = 0
        for number in 1...Int(random.number(2...5)) {
            if number > 1 { advance(&versions, &random) }
            let bodies = state(versions, number, &random)
            script.commits.append(Commit(number, bodies, policy: policy))
            if number > 1 {
                script.moments.append(Moment(.time(time), .commit(number - 1)))
            }
            time += random.number(1...10) * 60_000 + random.number(0...60_000)
        }
        for _ in 0..<Int(random.number(0...3)) {
            let when = Moment.Condition.time(random.number(0...40) * 60_000)
            script.moments.append(Moment(when, act(&random)))
        }
        return script
    }

    private static func advance(
        _ versions: inout (checkout: Int, cart: Int),
        _ random: inout SplitMix64
    ) {
        if random.chance(60) { versions.checkout += 1 }
        if random.chance(40) { versions.cart += 1 }
    }

    private static func state(
        _ versions: (checkout: Int, cart: Int),
        _ number: Int,
        _ random: inout SplitMix64
    ) -> [ResourceID: SpecValue] {
        // A commit's version is bad for good: every third one of checkout is.
        let bad = versions.checkout % 3 == 0 ? "-bad" : ""
        let checkout = "checkout-v\(versions.checkout)\(bad)"
        let cart = "cart-v\(versions.cart)"
        var weights = [(checkout, Int64(100))]
        if versions.checkout > 1, random.chance(50) { weights.append(("checkout-v1", 0)) }
        var extra: [ResourceID: SpecValue] = [:]
        if random.chance(40) {
            let log = random.chance(30) && number > 1 ? "/var/log/bad" : "/dev/stderr"
            extra[Shop.node(cart)] = Shop.nodeSpec(cart, log: log)
        }
        return shop(checkout: weights, cart: [(cart, 100)], extra: extra)
    }

    private static func act(_ random: inout SplitMix64) -> Moment.Act {
        switch random.number(0...4) {
        case 0: .edit(Shop.node("cart-v1"), Shop.nodeSpec("cart-v1", log: "/tmp/stranger"))
        case 1: .edit(Shop.route("cart"), Shop.routeSpec([("cart-v1", 100), ("checkout-v1", 0)]))
        case 2: .touch(Shop.route("checkout"))
        case 3: .stop
        default: .jump(random.number(1...90) * 60_000)
        }
    }
}
