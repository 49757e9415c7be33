package import MeshModel
package import Planning
package import Rollout

/// The kinds of histories; a seed draws the details.
package enum History: String, CaseIterable, Sendable {
    case sameDriftTwice
    case unrelatedCommitAfterRollback
    case commitAtHalf
    case unrelatedStream
    case busyNeighbour
    case backAtHalf
    case commitAndStrangerAtHalf
    case orders
    case pauses
    case strangerAtHalf
    case lostAnswers
    case deathAtEveryEffect
    case badInPlace
    case judgedDrift
    case meshGone
    case fullLedger
    case anything

    /// What the world does to a rollout, besides faults.
    package struct Script: Sendable {
        package var commits: [Commit] = []
        package var moments: [Moment] = []
        package var faults = Faults.none
        /// The process dies once, at the effect with this number.
        package var deathAt: Int?
        /// Whether somebody asks for what puts strangers' edits right, or gates judge it.
        package var corrections = Corrections.all
        /// Faults, commits and strangers stop here.
        package var quietFrom: Int64 = 45 * 60_000
    }

    /// Something that happens once, as soon as its condition holds.
    package struct Moment: Sendable {
        package enum Condition: Sendable {
            /// Milliseconds of virtual time.
            case time(Int64)
            /// A route has had this weight on this node for so many milliseconds.
            case weight(ResourceID, node: String, Int64, for: Int64)
            /// Nothing is left to do, for the n-th time.
            case idle(Int)
            /// So many milliseconds after the moment before it.
            case later(Int64)
        }

        package enum Act: Sendable {
            case commit(Int)
            case edit(ResourceID, SpecValue)
            case touch(ResourceID)
            case stop
            case order(RolloutOrder.Verb)
            /// The target is suspended, or is not any more.
            case suspend(Suspension)
            /// What is carried out was rolled back where it came from.
            case withdraw
            case jump(Int64)
            /// The endpoint answers nothing but 429 for so many milliseconds.
            case throttle(Int64)
            /// The ledger has no room for that long, but for its reserve.
            case fillLedger(Int64)
        }

        package let condition: Condition
        package let act: Act

        package init(_ condition: Condition, _ act: Act) {
            self.condition = condition
            self.act = act
        }
    }

    package func script(_ random: inout SplitMix64) -> Script {
        switch self {
        case .sameDriftTwice: Self.sameDriftTwice(&random)
        case .unrelatedCommitAfterRollback: Self.unrelatedCommitAfterRollback()
        case .commitAtHalf: Self.commitAtHalf(&random)
        case .unrelatedStream: Self.unrelatedStream(&random)
        case .busyNeighbour: Self.busyNeighbour(&random)
        case .backAtHalf: Self.backAtHalf(&random)
        case .commitAndStrangerAtHalf: Self.commitAndStrangerAtHalf(&random)
        case .orders: Self.orders(&random)
        case .pauses: Self.pauses(&random)
        case .strangerAtHalf: Self.strangerAtHalf(&random)
        case .lostAnswers: Self.canary(faults: .lostAnswers)
        case .deathAtEveryEffect: Self.deathAtEveryEffect(&random)
        case .badInPlace: Self.badInPlace(&random)
        case .judgedDrift: Self.judgedDrift(&random)
        case .meshGone: Self.meshGone(&random)
        case .fullLedger: Self.fullLedger(&random)
        case .anything: Self.anything(&random)
        }
    }
}

extension History {
    /// The shop as it is first applied: all traffic on the first versions.
    static func shop(
        checkout: [(String, Int64)] = [("checkout-v1", 100)],
        cart: [(String, Int64)] = [("cart-v1", 100)],
        extra: [ResourceID: SpecValue] = [:]
    ) -> [ResourceID: SpecValue] {
        var bodies: [ResourceID: SpecValue] = [.mesh(Shop.mesh): .empty]
        for (name, weights) in [("checkout", checkout), ("cart", cart)] {
            bodies[Shop.router(name)] = Shop.routerSpec
            bodies[Shop.route(name)] = Shop.routeSpec(weights)
            bodies[Shop.service(name)] = Shop.serviceSpec(name)
            for (node, _) in weights { bodies[Shop.node(node)] = Shop.nodeSpec(node) }
        }
        return bodies.merging(extra) { _, other in other }
    }

    static let canaryWeights = [("checkout-v1", Int64(0)), ("checkout-v2", 100)]

    private static func sameDriftTwice(_ random: inout SplitMix64) -> Script {
        let edit: Moment.Act =
            random.chance(50)
            ? .edit(Shop.route("checkout"), Shop.routeSpec([("checkout-v1", 60), ("cart-v1", 40)]))
            : .edit(Shop.node("cart-v1"), Shop.nodeSpec("cart-v1", log: "/tmp/stranger"))
        return Script(
            commits: [Commit(1, shop())],
            moments: [Moment(.idle(1), edit), Moment(.idle(2), edit)]
        )
    }

    private static func unrelatedCommitAfterRollback() -> Script {
        let bad = [("checkout-v1", Int64(0)), ("checkout-v2-bad", 100)]
        let cart = [Shop.node("cart-v1"): Shop.nodeSpec("cart-v1", log: "/dev/stderr")]
        return Script(
            commits: [
                Commit(1, shop()), Commit(2, shop(checkout: bad)),
                Commit(3, shop(checkout: bad, extra: cart)),
            ],
            moments: [Moment(.idle(1), .commit(1)), Moment(.idle(2), .commit(2))]
        )
    }

    private static func strangerAtHalf(_ random: inout SplitMix64) -> Script {
        let weights = [("checkout-v1", Int64(80)), ("checkout-v2", 20)]
        let act: Moment.Act =
            random.chance(80)
            ? .edit(Shop.route("checkout"), Shop.routeSpec(weights))
            : .touch(Shop.route("checkout"))
        let cart = [("cart-v1", Int64(0)), ("cart-v2", 100)]
        return Script(
            commits: [Commit(1, shop()), Commit(2, shop(checkout: canaryWeights, cart: cart))],
            moments: [Moment(.idle(1), .commit(1)), Moment(half(&random), act)]
        )
    }

    /// The checkout at 50 %: at once, or somewhere in its soak.
    static func half(_ random: inout SplitMix64) -> Moment.Condition {
        let time = random.chance(30) ? 0 : random.number(1_000...55_000)
        return .weight(Shop.route("checkout"), node: "checkout-v2", 50, for: time)
    }

    private static func canary(faults: Faults) -> Script {
        Script(
            commits: [Commit(1, shop()), Commit(2, shop(checkout: canaryWeights))],
            moments: [Moment(.idle(1), .commit(1))],
            faults: faults
        )
    }

    private static func deathAtEveryEffect(_ random: inout SplitMix64) -> Script {
        let bad = [("checkout-v1", Int64(0)), ("checkout-v2-bad", 100)]
        let second = random.chance(50) ? shop(checkout: bad) : shop(checkout: canaryWeights)
        return Script(
            commits: [Commit(1, shop()), Commit(2, second)],
            moments: [Moment(.idle(1), .commit(1))],
            deathAt: Int(random.number(0...110))
        )
    }

    private static func badInPlace(_ random: inout SplitMix64) -> Script {
        let bad = [Shop.node("cart-v1"): Shop.nodeSpec("cart-v1", log: "/var/log/bad")]
        let weights = random.chance(50) ? canaryWeights : [("checkout-v1", 100)]
        return Script(
            commits: [Commit(1, shop()), Commit(2, shop(checkout: weights, extra: bad))],
            moments: [Moment(.idle(1), .commit(1))],
            faults: random.chance(50) ? .none : .some(&random)
        )
    }
}
