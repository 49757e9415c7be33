import MeshModel
import Testing

/// What stands of all that people decided, as the fold of the records.
@Suite("Standing orders") struct StandingOrdersTests {
    private static let digest = String(repeating: "a", count: 64)
    private static let other = String(repeating: "b", count: 64)
    private static let commit = String(repeating: "c", count: 40)

    private static func fold(_ entries: [LedgerEntry]) -> StandingOrders {
        var orders = StandingOrders()
        for entry in entries {
            orders.take(
                entry.kind,
                resource: entry.resource,
                plan: entry.plan,
                payload: entry.payload
            )
        }
        return orders
    }

    private static func order(_ kind: Order.Kind, until: Int64? = nil) -> LedgerEntry {
        Order(kind, by: "ada", reason: "the sale", until: until).entry()
    }

    private static func planned(_ plan: String, _ digest: String) -> LedgerEntry {
        LedgerEntry(.planned, plan: plan, payload: ["changeDigest": .string(digest)])
    }

    private static func finished(_ plan: String, _ outcome: String) -> LedgerEntry {
        LedgerEntry(.finished, plan: plan, payload: ["outcome": .string(outcome)])
    }

    @Test("an approval is of one change digest, and ends with its time") func approval() {
        let orders = Self.fold([Self.order(.approve(changeDigest: Self.digest), until: 100)])
        #expect(orders.isApproved(Self.digest, at: 99))
        #expect(!orders.isApproved(Self.digest, at: 100))
        #expect(!orders.isApproved(Self.other, at: 0))
        #expect(orders.verdict(on: Self.digest, at: 0)?.by == "ada")
    }

    @Test("the last word counts") func lastWord() {
        let approve = Self.order(.approve(changeDigest: Self.digest))
        let reject = Self.order(.reject(changeDigest: Self.digest))
        #expect(!Self.fold([approve, reject]).isApproved(Self.digest, at: 0))
        #expect(Self.fold([approve, reject]).verdict(on: Self.digest, at: 0) != nil)
        #expect(Self.fold([reject, approve]).isApproved(Self.digest, at: 0))
    }

    @Test("an approval is used up by the plan that begins, however that ends") func usedUp() {
        let approve = Self.order(.approve(changeDigest: Self.digest))
        func approved(_ entries: LedgerEntry...) -> Bool {
            Self.fold([approve] + entries).isApproved(Self.digest, at: 0)
        }
        let began = Self.planned("p1", Self.digest)
        #expect(approved())
        #expect(!approved(began))
        for outcome in ["completed", "rolledBack", "halted", "superseded"] {
            #expect(!approved(began, Self.finished("p1", outcome)), "\(outcome)")
        }
        #expect(!approved(began, Self.planned("p2", Self.other), Self.finished("p2", "completed")))
        #expect(approved(began, Self.finished("p1", "completed"), approve))
        #expect(approved(Self.planned("p3", Self.other), Self.finished("p3", "completed")))
        let payload: SpecValue = ["changeDigest": .string(Self.digest), "by": "main@sha1:c"]
        #expect(!approved(LedgerEntry(.superseded, plan: "p1", payload: payload)), "given way to")
        #expect(approved(LedgerEntry(.superseded, plan: "p0", payload: ["by": "main@sha1:c"])))
        // A plan that was carried out before anybody agreed to it spends nothing.
        let before = [began, Self.finished("p1", "completed"), approve]
        #expect(Self.fold(before).isApproved(Self.digest, at: 0))
        #expect(Self.fold([approve, began]).hasBegun("p1"))
        #expect(!Self.fold([approve, began]).hasBegun("p2"))
    }

    @Test("a hold ends by release or expiry, a resource's hold is none") func hold() {
        let hold = Self.order(.hold, until: 100)
        #expect(Self.fold([hold]).hold(at: 99)?.reason == "the sale")
        #expect(Self.fold([hold]).hold(at: 100) == nil)
        #expect(Self.fold([hold, Self.order(.release)]).hold(at: 0) == nil)
        let route = ResourceID.route("main", router: "cart", mesh: "shop")
        let content = LedgerEntry(.held, resource: route, payload: ["reason": "a gate"])
        #expect(Self.fold([content]).hold(at: 0) == nil)
        let release = LedgerEntry(.released, resource: route, payload: ["reason": "a commit"])
        #expect(Self.fold([hold, release]).hold(at: 0) != nil)
    }

    @Test("a suspension comes before a hold, and resuming leaves the hold") func suspension() {
        let both = [Self.order(.hold), Self.order(.suspend(freezes: true))]
        #expect(Self.fold(both).blocking(at: 0)?.kind == .suspend(freezes: true))
        #expect(Self.fold(both + [Self.order(.resume)]).blocking(at: 0)?.kind == .hold)
        #expect(Self.fold([]).blocking(at: 0) == nil)
    }

    @Test("a way back is over when a plan of its commit has ended, and with its hold")
    func wayBack() {
        let order = Self.order(.rollBack(to: Self.commit), until: 100)
        func began(_ plan: String, _ commit: String) -> LedgerEntry {
            let revision = SpecValue.string("main@sha1:\(commit)")
            return LedgerEntry(.planned, plan: plan, payload: ["revision": revision])
        }
        func isOver(_ entries: LedgerEntry...) -> Bool? {
            Self.fold([order] + entries).wayBack(at: 99)?.isOver
        }
        let mine = began("p1", Self.commit)
        #expect(isOver() == false)
        #expect(isOver(mine) == false)
        #expect(isOver(mine, Self.finished("p1", "halted")) == false)
        #expect(isOver(mine, Self.finished("p1", "completed")) == true)
        #expect(isOver(mine, Self.finished("p1", "rolledBack")) == true)
        #expect(isOver(mine, Self.finished("p2", "completed")) == false)
        let others = began("p2", String(repeating: "d", count: 40))
        #expect(isOver(others, Self.finished("p2", "completed")) == false)
        // What a rollout does that was under way before ends nobody's way back.
        let early = Self.fold([mine, order, Self.finished("p1", "completed")])
        #expect(early.wayBack(at: 99)?.isOver == false)
        #expect(early.wayBack(at: 99)?.order.by == "ada")
        #expect(Self.fold([order]).wayBack(at: 100) == nil)
        #expect(isOver(Self.order(.hold)) == false, "a longer hold calls nothing off")
        #expect(isOver(Self.order(.release)) == nil)
        #expect(isOver(Self.order(.release), Self.order(.hold)) == nil)
    }

    @Test("every order is read back as it was written") func roundTrip() {
        let kinds: [Order.Kind] = [
            .approve(changeDigest: Self.digest), .reject(changeDigest: Self.digest), .hold,
            .rollBack(to: Self.commit), .suspend(freezes: false), .suspend(freezes: true),
        ]
        for kind in kinds {
            let orders = Self.fold([Self.order(kind, until: 7)])
            let read = orders.blocking(at: 0) ?? orders.verdict(on: Self.digest, at: 0)
            #expect(read == Order(kind, by: "ada", reason: "the sale", until: 7), "\(kind)")
        }
    }
}
