import Foundation
import MeshModel
import Planning
import Reconciler

/// The five acts of the demo; each ends in the state that it announces, or the demo fails.
struct DemoStory: Sendable {
    enum Teller: Sendable {
        case words
        case events
    }

    static let mesh = "shop"
    static let region = "eu-west-1"
    static let route = ResourceID.route("main", router: "checkout", mesh: mesh)
    private static let payments = ResourceID.route("main", router: "payments", mesh: mesh)

    let stage: DemoStage
    let team: DemoTeam
    let folder: String
    let teller: Teller
    let stops: StopSignals

    func tell() async throws {
        say("LocalMesh at \(stage.endpoint): AWS ended App Mesh on 2026-09-30, this one is ours.")
        say("Customers send about a hundred requests a second through a proxy that follows the")
        say("live weights of \(Self.route).")
        try await firstApply()
        try await canary()
        try await badVersion()
        let head = try await drift()
        try await verify(head)
    }

    private func firstApply() async throws {
        act("1  The shop comes to the mesh, in waves")
        try await team.begin("Ann", "Add the shop")
        try await apply(expecting: .fine)
    }

    private func canary() async throws {
        act("2  Checkout v2 takes over, step by step, behind its gate")
        try await team.edit(
            "checkout.yaml",
            "Ann",
            "Give all of checkout to v2",
            [
                ("{ name: checkout-v1 }, weight: 100", "{ name: checkout-v1 }, weight: 0"),
                ("{ name: checkout-v2 }, weight: 0", "{ name: checkout-v2 }, weight: 100"),
            ]
        )
        try await apply(expecting: .fine)
        try await report()
    }

    private func badVersion() async throws {
        act("3  Checkout v3 answers every fourth request with an error")
        try await team.addNode(like: "checkout-v2", named: "checkout-v3", in: "checkout.yaml")
        try await team.edit(
            "checkout.yaml",
            "Ben",
            "Try checkout v3",
            [
                (
                    "{ name: checkout-v2 }, weight: 100",
                    "{ name: checkout-v2 }, weight: 0 }\n            "
                        + "- { virtualNodeRef: { name: checkout-v3 }, weight: 100"
                )
            ]
        )
        try await apply(expecting: .rolledBack)
        try await report()
        act("   Another team's commit goes through, while v3 is held")
        try await team.edit(
            "catalog.yaml",
            "Cleo",
            "Give the catalog more time",
            [("perRequest: { value: 5, unit: s }", "perRequest: { value: 8, unit: s }")]
        )
        try await apply(expecting: .fine)
    }

    /// Answers the head that the last apply printed: kept elsewhere, it also finds a cut.
    private func drift() async throws -> String? {
        act("4  A stranger edits the live mesh, past Git")
        let edit = ("\"maxRetries\":2", "\"maxRetries\":9")
        try await stage.edit(Self.payments, replacing: edit.0, with: edit.1)
        let found = try await survey().drift
        guard found.hasDrift() else {
            throw CommandFailure(.error, "The edit of \(Self.payments) was not found")
        }
        if teller == .words { Terminal.output(found.lines()) }
        let head = try await apply(expecting: .fine)
        guard try await !survey().drift.hasDrift() else {
            throw CommandFailure(.error, "The edit of \(Self.payments) was not put right")
        }
        return head
    }

    private func verify(_ head: String?) async throws {
        act("5  The ledger says who did what because of which commit, and proves it")
        let ledger = try DemoLedger(state: description.state, head: head)
        switch teller {
        case .words:
            for line in ledger.lines { Terminal.output(line) }
        case .events:
            let context = RecordContext(
                time: Int64(Date().timeIntervalSince1970 * 1000),
                mesh: Self.mesh,
                revision: try await survey().revision,
                actor: "demo"
            )
            Terminal.output(EventLine.json(ledger.entry, context).json)
        }
    }

    // MARK: - The same ways that the commands take

    private var description: TargetDescription {
        var description = TargetDescription(
            repository: team.origin,
            path: DemoTeam.path,
            state: folder + "/state",
            endpoint: EndpointDescription(endpoint: stage.endpoint, region: Self.region)
        )
        description.variables = [
            "SOAK": "3s", "INTERVAL": "1s", "MIN_REQUESTS": "1", "METRICS_URL": stage.metrics,
        ]
        return description
    }

    @discardableResult
    private func apply(expecting expected: ExitStatus) async throws -> String? {
        let progress: any ProgressSink = teller == .events ? EventProgress() : DemoProgress()
        let access = LiveTarget.Access.writing(signingKey: nil)
        let end = try await LiveTarget.with(description, access, progress: progress) { target in
            try await ApplyRun(target: target, consent: .given, isQuiet: true, stops: stops).run()
        }
        guard end.exit == expected else {
            throw CommandFailure(
                .error,
                "The demo expected exit \(expected.rawValue) of this apply, it was "
                    + "\(end.exit.rawValue): \(end.message ?? "no message")"
            )
        }
        if let message = end.message { say("   \(message)") }
        return end.head?.text
    }

    private func survey() async throws -> Survey {
        try await LiveTarget.with(description, .reading, progress: SilentProgress()) {
            try await $0.reconciliation.survey()
        }
    }

    // MARK: - Words

    private func act(_ title: String) {
        guard teller == .words else { return }
        Terminal.output("\n" + Terminal.ink.bold(title))
    }

    private func say(_ line: String) {
        guard teller == .words else { return }
        Terminal.output(line)
    }

    /// What customers saw since the last report.
    private func report() async throws {
        let (served, failed) = await stage.proxy.takeCounts()
        say("   Customers: \(served) requests, \(failed) failed")
    }
}
