import MeshModel
import Planning
import Testing

@Suite("Every row of the three-way table")
struct ClassificationTests {
    /// One row: the bodies by letter (nothing for absent), and the class.
    struct Row: Sendable, CustomTestStringConvertible {
        let desired: String?
        let applied: String?
        let live: String?
        let driftClass: DriftClass
        var isInFlight = false
        var hasVersionMoved = false

        var testDescription: String {
            "D \(desired ?? "-") A \(applied ?? "-") L \(live ?? "-"): \(driftClass.rawValue)"
        }
    }

    static let rows: [Row] = [
        Row(desired: "x", applied: "x", live: "x", driftClass: .inSync),
        Row(desired: "x", applied: nil, live: nil, driftClass: .pending),
        Row(desired: "y", applied: "x", live: "x", driftClass: .pending),
        Row(desired: "x", applied: "x", live: "y", driftClass: .modified),
        Row(desired: "x", applied: "x", live: nil, driftClass: .missing),
        Row(desired: "y", applied: "x", live: "y", driftClass: .convergedElsewhere),
        Row(desired: "y", applied: "x", live: "z", driftClass: .conflict),
        Row(desired: "y", applied: "x", live: nil, driftClass: .conflict),
        Row(desired: "x", applied: nil, live: "x", driftClass: .unownedEqual),
        Row(desired: "x", applied: nil, live: "y", driftClass: .unownedDifferent),
        Row(desired: nil, applied: "x", live: "x", driftClass: .orphaned),
        Row(desired: nil, applied: "x", live: nil, driftClass: .gone),
        Row(desired: nil, applied: "x", live: "y", driftClass: .conflict),
        Row(desired: nil, applied: nil, live: "x", driftClass: .unmanaged),
        Row(desired: "y", applied: "x", live: "x", driftClass: .inFlight, isInFlight: true),
        Row(desired: "x", applied: "x", live: "x", driftClass: .inFlight, isInFlight: true),
        Row(desired: nil, applied: "x", live: "x", driftClass: .inFlight, isInFlight: true),
        Row(desired: "y", applied: "x", live: "z", driftClass: .conflict, isInFlight: true),
        Row(desired: "x", applied: "x", live: nil, driftClass: .missing, isInFlight: true),
        Row(desired: "x", applied: "x", live: "x", driftClass: .flapped, hasVersionMoved: true),
        Row(desired: "y", applied: "x", live: "x", driftClass: .pending, hasVersionMoved: true),
        Row(desired: nil, applied: nil, live: nil, driftClass: .inSync),
    ]

    @Test("sides to class", arguments: rows)
    func driftClass(row: Row) {
        func digest(_ text: String?) -> Digest? { text.map { Digest(of: .string($0)) } }
        let sides = Sides(
            desired: digest(row.desired),
            applied: digest(row.applied),
            live: digest(row.live),
            isInFlight: row.isInFlight,
            hasVersionMoved: row.hasVersionMoved
        )
        #expect(sides.driftClass == row.driftClass)
    }

    @Test("an ignored field hides its own difference and nothing else")
    func ignored() {
        let id = Sample.node("cart")
        let ours = Sample.nodeSpec(8080)
        let logging: SpecValue = ["accessLog": ["file": ["path": "/dev/stdout"]]]
        let edited = ours.replacing(field: "logging", with: logging)
        let comparison = Comparison(
            id,
            desired: Sample.desired(id, ours),
            applied: Sample.applied(id, ours),
            live: Sample.live(id, edited),
            ignore: ["logging"]
        )
        #expect(comparison.driftClass == .ignored)

        let changed = Comparison(
            id,
            desired: Sample.desired(id, Sample.nodeSpec(9090)),
            applied: Sample.applied(id, ours),
            live: Sample.live(id, edited),
            ignore: ["logging"]
        )
        #expect(changed.driftClass == .pending)
        #expect(changed.body?.value(atField: "logging") == logging, "apply leaves it as it is")
    }

    @Test("weights of equal ratio are equal")
    func ratios() {
        let id = Sample.route("main", "cart")
        let comparison = Comparison(
            id,
            desired: Sample.desired(id, Sample.routeSpec(["v1": 1, "v2": 1])),
            applied: Sample.applied(id, Sample.routeSpec(["v1": 50, "v2": 50])),
            live: Sample.live(id, Sample.routeSpec(["v2": 50, "v1": 50]))
        )
        #expect(comparison.driftClass == .inSync)
    }
}
