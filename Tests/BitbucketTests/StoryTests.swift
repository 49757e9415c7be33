import Bitbucket
import MeshModel
import Testing

/// What a rollout's entries say about its commit.
@Suite struct StoryTests {
    private static let route = ResourceID(
        mesh: "shop",
        kind: .route,
        parent: "checkout",
        name: "main"
    )

    /// Tells entries to one story; answers states with texts, without the ledger's head.
    private static func tell(_ entries: [LedgerEntry]) -> [String] {
        var story = RolloutStory(target: "prod")
        return entries.compactMap { entry in
            story.status(after: entry, .sample()) { "7:0123456789ab" }
                .map { status in
                    #expect(status.commit == FakeBitbucket.commit)
                    #expect(status.key.text == "plumbline-prod")
                    return "\(status.state) "
                        + status.description.replacing(" · ledger 7:0123456789ab", with: "")
                }
        }
    }

    /// A commit that came between two looks has an end of its own, and interrupts no other story.
    @Test func aSkippedCommitIsStopped() throws {
        var story = RolloutStory(target: "prod")
        func status(_ entry: LedgerEntry, _ commit: String) -> CommitStatus? {
            let context = RecordContext.sample(commit: commit)
            return story.status(after: entry, context) { nil }
        }
        let (skipped, newer) = (
            String(repeating: "b", count: 40), String(repeating: "c", count: 40)
        )
        _ = status(Self.planned, FakeBitbucket.commit)
        let told = status(LedgerEntry(.superseded, payload: ["by": "main@sha1:c"]), skipped)
        #expect(told?.commit == skipped && told?.state == .stopped)
        #expect(told?.description == "Superseded by main@sha1:c")
        #expect(status(LedgerEntry(.revisionSeen), newer) == nil)
        let end = status(Self.finished("completed"), FakeBitbucket.commit)
        #expect(end?.description == "Done: 1 to create, 1 to update")
    }

    private static let planned = LedgerEntry(
        .planned,
        payload: ["summary": "1 to create, 1 to update"]
    )

    private static func finished(_ outcome: String, _ reason: String = "r") -> LedgerEntry {
        LedgerEntry(
            .finished,
            payload: ["outcome": .string(outcome), "reason": .string(reason)]
        )
    }

    private static func stepped(_ percent: Int64) -> LedgerEntry {
        let weights: SpecValue = [
            ["node": "checkout-v1", "weight": .integer(100 - percent)],
            ["node": "checkout-v2", "weight": .integer(percent)],
        ]
        return LedgerEntry(
            .stepped,
            resource: route,
            payload: ["percent": .integer(percent), "weights": weights]
        )
    }

    private static func measured(_ value: Double, _ verdict: String) -> LedgerEntry {
        LedgerEntry(
            .measured,
            resource: route,
            payload: [
                "gate": "success-rate", "node": "checkout-v2", "verdict": .string(verdict),
                "value": .number(value), "min": 99,
            ]
        )
    }

    @Test func aRolloutIsToldStepByStep() {
        let told = Self.tell([
            Self.planned,
            LedgerEntry(.intent, resource: Self.route),
            LedgerEntry(
                .applied,
                resource: ResourceID(mesh: "shop", kind: .virtualNode, name: "checkout-v2"),
                payload: ["action": "create", "wave": 1]
            ),
            Self.stepped(25), Self.measured(0, "base"), Self.measured(99.714, "pass"),
            Self.stepped(100),
            LedgerEntry(
                .promoted,
                resource: Self.route,
                payload: ["weights": [["node": "checkout-v2", "weight": 100]]]
            ),
            Self.finished("completed"),
        ])
        let route = "virtualRouter/checkout/route/main"
        #expect(
            told == [
                "inProgress Begins: 1 to create, 1 to update",
                "inProgress Wave 1: created virtualNode/checkout-v2",
                "inProgress \(route) at 25 %: checkout-v1 75, checkout-v2 25",
                "inProgress \(route) at 25 %: checkout-v1 75, checkout-v2 25, "
                    + "gate 'success-rate' of 'checkout-v2': pass, 99.71 (min 99)",
                "inProgress \(route) at 100 %: checkout-v1 0, checkout-v2 100",
                "inProgress Promoted \(route): checkout-v2 100",
                "successful Done: 1 to create, 1 to update",
            ]
        )
    }

    @Test func aFailureNamesTheGateAndItsNumbers() {
        let reason =
            "gate 'success-rate' failed for 'checkout-v2': 2 samples failed, limit 1, "
            + "last 41.9, min 99"
        let told = Self.tell([
            Self.planned, Self.stepped(25), Self.measured(41.9, "fail"),
            LedgerEntry(
                .verdict,
                resource: Self.route,
                payload: ["verdict": "fail", "reason": .string(reason)]
            ),
            LedgerEntry(.rolledBack, resource: Self.route, payload: ["reason": "something else"]),
            LedgerEntry(.held, resource: Self.route, payload: ["reason": "x"]),
            Self.finished("rolledBack", "mesh/shop/virtualRouter/checkout/route/main: …"),
        ])
        #expect(told.last == "failed Rolled back: \(reason)")
        #expect(told.dropLast().allSatisfy { $0.hasPrefix("inProgress ") })
        #expect(told.count == 6)
    }

    @Test func aRestartForgetsTheGateButNotTheReason() {
        #expect(Self.tell([Self.finished("halted", "why")]) == ["failed Halted: why"])
        #expect(Self.tell([Self.finished("rolledBack", "why")]) == ["failed Rolled back: why"])
    }

    @Test func aNewerCommitStopsIt() {
        let told = Self.tell([
            Self.planned,
            LedgerEntry(.superseded, payload: ["by": "main@sha1:1234"]),
            Self.finished("superseded"),
        ])
        #expect(told[1] == "stopped Superseded by main@sha1:1234")
        #expect(told[2] == "stopped Superseded by a newer commit")
    }

    @Test func aPauseIsNoEnd() {
        let told = Self.tell([Self.planned, Self.finished("stopped")])
        #expect(told.last == "inProgress Paused between two steps while the agent restarts")
    }

    @Test func whatIsLeftUndoneIsCounted() {
        let deferred = LedgerEntry(.deferred, payload: ["reason": "r"])
        let told = Self.tell([Self.planned, deferred, deferred, Self.finished("completed")])
        #expect(told.last == "successful Done: 1 to create, 1 to update; 2 deferred")
    }

    /// A plan begins anew: an old failure is not the cause of a new one.
    @Test func aFailureBelongsToItsPlan() {
        let verdict = LedgerEntry(.verdict, payload: ["verdict": "fail", "reason": "old"])
        let told = Self.tell([
            Self.planned, verdict, Self.planned, Self.finished("rolledBack", "new"),
        ])
        #expect(told.last == "failed Rolled back: new")
    }

    /// The loop looks every minute; what it finds is said once, and never over a rollout's end.
    @Test func whatNeedsNoRolloutIsSaidOnce() {
        var story = RolloutStory(target: "prod")
        func find(_ state: CommitStatus.State, _ text: String, of commit: String) -> String? {
            story.status(finding: state, text, of: commit) { nil }
                .map { "\($0.state) \($0.description)" }
        }
        let (commit, other) = (FakeBitbucket.commit, FakeBitbucket.otherCommit)
        #expect(find(.failed, "Refused", of: other) == "failed Refused")
        #expect(find(.failed, "Refused", of: other) == nil)
        #expect(find(.successful, "In sync", of: other) == "successful In sync")
        #expect(find(.successful, "In sync", of: commit) == "successful In sync")
        #expect(story.status(after: Self.planned, .sample()) { nil } != nil)
        #expect(find(.successful, "In sync", of: commit) == nil)
        #expect(story.status(after: Self.finished("rolledBack"), .sample()) { nil } != nil)
        #expect(find(.failed, "Refused", of: commit) == nil)
        #expect(find(.successful, "In sync", of: other) == "successful In sync")
    }

    @Test func theHeadIsReadOnlyForWhatIsTold() {
        var story = RolloutStory(target: "prod")
        var reads = 0
        for kind in EventKind.allCases {
            let status = story.status(after: LedgerEntry(kind), .sample()) {
                reads += 1
                return nil
            }
            #expect(status.map(\.description)?.contains("· ledger") != true)
            reads -= status == nil ? 0 : 1
        }
        #expect(reads == 0)
    }

    @Test func whatHasNoCommitIsToldToNobody() {
        var story = RolloutStory(target: "prod")
        let context = RecordContext(time: 1, mesh: "shop", revision: nil, actor: "agent")
        #expect(story.status(after: Self.planned, context) { "head" } == nil)
    }
}

extension RecordContext {
    static func sample(commit: String = FakeBitbucket.commit) -> RecordContext {
        let revision = Revision(
            ref: "main",
            commit: commit,
            tree: FakeBitbucket.otherCommit,
            author: "A",
            subject: "S"
        )
        return RecordContext(time: 1, mesh: "shop", revision: revision, actor: "A")
    }
}
