import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// The read-back table of `semantics` §7, row by row.
struct ReadBackTests {
    private static let id = Shop.route("checkout")
    private static let before = Shop.routeSpec([("checkout-v1", 100)])
    private static let body = Shop.routeSpec([("checkout-v1", 90), ("checkout-v2", 10)])
    private static let other = Shop.routeSpec([("checkout-v3", 100)])

    private static func live(
        _ spec: SpecValue,
        _ version: Int64,
        uid: String = "a"
    )
        -> LiveResource
    {
        LiveResource(
            id: id,
            spec: spec,
            version: LiveVersion(uid: uid, version: version),
            arn: "arn",
            meshOwner: "0",
            resourceOwner: "0"
        )
    }

    private static func readBack(_ live: LiveResource?, _ action: Action = .update) -> ReadBack {
        let write = Write(
            resource: id,
            action: action,
            body: action == .delete ? nil : body,
            before: action == .create ? nil : before,
            expects: nil
        )
        let version = action == .create ? nil : LiveVersion(uid: "a", version: 7)
        return ReadBack(
            of: live,
            after: write,
            before: action == .create ? nil : before,
            version: version
        )
    }

    @Test(
        arguments: [
            (live(body, 8), .done(flapped: false)), (live(body, 9), .done(flapped: true)),
            (live(body, 7), .done(flapped: false)), (live(before, 7), .notApplied),
            (live(before, 9), .notApplied), (live(other, 8), .stranger),
            (live(body, 8, uid: "b"), .stranger), (live(body, 6), .stale),
            (live(before, 6), .stale), (live(other, 6), .stale),
            (live(body, .max), .done(flapped: true)),
        ] as [(LiveResource, ReadBack)]
    )
    func update(live: LiveResource, expected: ReadBack) {
        #expect(Self.readBack(live) == expected)
    }

    @Test func updateThatFindsNothing() { #expect(Self.readBack(nil) == .absent) }

    @Test(
        arguments: [
            (live(body, 1), .done(flapped: false)), (live(body, 2), .done(flapped: true)),
            (live(other, 1), .stranger), (live(body, .min), .done(flapped: false)),
        ] as [(LiveResource, ReadBack)]
    )
    func create(live: LiveResource, expected: ReadBack) {
        #expect(Self.readBack(live, .create) == expected)
    }

    @Test func createThatIsNotVisibleYet() { #expect(Self.readBack(nil, .create) == .absent) }

    @Test func delete() {
        #expect(Self.readBack(nil, .delete) == .done(flapped: false))
        #expect(Self.readBack(Self.live(Self.before, 7), .delete) == .notApplied)
        #expect(Self.readBack(Self.live(Self.other, 8), .delete) == .stranger)
        #expect(Self.readBack(Self.live(Self.before, 1, uid: "b"), .delete) == .stranger)
    }

    /// Ratios count, not numbers: 9:1 is 90:10.
    @Test func equalMeansEqualNormalForms() {
        let reduced = Shop.routeSpec([("checkout-v2", 1), ("checkout-v1", 9)])
        #expect(Self.readBack(Self.live(reduced, 8)) == .done(flapped: false))
    }
}
