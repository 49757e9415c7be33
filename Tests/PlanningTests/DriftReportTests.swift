import MeshModel
import Planning
import Testing

@Suite("The drift report")
struct DriftReportTests {
    static func report(_ scene: Scene, declared: Bool = true) -> DriftReport {
        DriftReport.make(
            target: Sample.target,
            revision: Sample.revision,
            desired: declared ? scene.desiredState : nil,
            live: scene.input.live,
            applied: scene.input.applied
        )
    }

    static func edited() -> Scene {
        var scene = PhaseTests.scene()
        let route = Sample.route("main", "cart")
        scene.live[route] = Sample.live(route, Sample.routeSpec(["v1": 1], retries: 2), version: 2)
        return scene
    }

    @Test("an edit is drift, and the field is named", arguments: [true, false])
    func modified(declared: Bool) throws {
        let report = Self.report(Self.edited(), declared: declared)
        let finding = try #require(report.findings.first)
        #expect(report.findings.count == 1)
        #expect(finding.driftClass == .modified)
        #expect(finding.fields.map(\.path) == ["httpRoute.retryPolicy"])
        #expect(report.exitCode() == 2)
        #expect(report.lines().text.contains("modified: edited by someone else"))
        #expect(report.lines().last?.text == "Drift: 1 modified")
        #expect(report.json().value(atField: "exit") == 2)
    }

    @Test("a commit that is not applied yet is no drift, unless it is asked for")
    func pending() {
        var scene = PhaseTests.scene()
        scene.desired[Sample.node("v3")] = Sample.nodeSpec(8080)
        let report = Self.report(scene)
        #expect(report.findings.map(\.driftClass) == [.pending])
        #expect(report.exitCode() == 0)
        #expect(report.exitCode(failOn: [.pending]) == 2)
    }

    @Test("an empty ledger says so and is fine")
    func empty() {
        var scene = Self.edited()
        scene.applied = [:]
        let report = Self.report(scene)
        #expect(report.isLedgerEmpty)
        #expect(report.exitCode(failOn: [.unownedDifferent]) == 0)
        #expect(report.lines().text.contains("the ledger is empty"))
    }

    @Test("in sync is quiet")
    func quiet() {
        let report = Self.report(PhaseTests.scene())
        #expect(report.findings.isEmpty)
        #expect(report.lines().map(\.text) == ["No drift in 6 resources"])
    }
}
