import Logging
import MeshModel
import Scripted
import Synchronization
import Testing

@testable import Cluster

/// Events that the cluster is told, and that nobody waits for.
@Suite("Events", .timeLimit(.minutes(5))) struct EventSenderTests {
    static let rolledBack = ClusterEvent(.warning, "RolledBack", note: "web went back: 80 %")

    @Test("are posted about the pod, each once, in the form of the API") func posted() async throws
    {
        try await Self.with { fake, sender, _ in
            sender.put(Self.rolledBack)
            sender.put(ClusterEvent(.normal, "Promoted", note: "web"))
            try await eventually { fake.events.count == 2 }
            let event = try #require(fake.events.values.first { $0["type"] == "Warning" })
            #expect(event["reason"] == "RolledBack")
            #expect(event["note"] == "web went back: 80 %")
            #expect(event["regarding"]?["name"] == "plumbline-0")
            #expect(event["regarding"]?["uid"] == "742523da")
            #expect(event["metadata"]?["namespace"] == "mesh")
        }
    }

    @Test("that repeat are counted, and said again when some time has passed")
    func repeated() async throws {
        try await Self.with { fake, sender, clock in
            for _ in 1...50 { sender.put(Self.rolledBack) }
            try await eventually { fake.events.count == 1 }
            clock.advance(by: .seconds(601))
            sender.put(Self.rolledBack)
            try await eventually { fake.events.count == 2 }
            let notes = Set(fake.events.values.compactMap { $0["note"]?.text })
            #expect(notes == ["web went back: 80 %", "web went back: 80 % (50 times)"])
        }
    }

    @Test("survive one failure of any kind, and are not posted twice") func failures() async throws
    {
        let faults: [FakeAPIServer.Fault] = [.status(500), .loseAnswer, .statusAfter(503), .flood]
        for fault in faults {
            try await Self.with { fake, sender, _ in
                fake.goWrong([fault])
                sender.put(Self.rolledBack)
                try await eventually { fake.events.count == 1 && fake.faultsLeft == 0 }
                await sender.flush(within: .seconds(10))
                #expect(fake.events.count == 1, "\(fault)")
            }
        }
    }

    @Test("that are refused hold up nobody") func refused() async throws {
        try await Self.with { fake, sender, _ in
            fake.goWrong([.status(403)])
            sender.put(Self.rolledBack)
            sender.put(ClusterEvent(.normal, "Promoted", note: "web"))
            try await eventually { fake.events.count == 1 }
            #expect(fake.events.values.first?["reason"] == "Promoted")
        }
    }

    @Test("wait in a queue that has an end, where the API server is silent") func silent()
        async throws
    {
        let fake = FakeAPIServer()
        fake.goWrong(Array(repeating: .stall, count: 10_000))
        try await fake.serving { url, server in
            try await Pod.with(url) { pod in
                let sender = pod.sender()
                let running = Task { await sender.run() }
                for number in 1...5000 {
                    sender.put(ClusterEvent(.normal, "Promoted", note: "\(number)"))
                }
                #expect(sender.count <= 101)
                running.cancel()
                await running.value
                let start = ContinuousClock.now
                await sender.flush(within: .milliseconds(100))
                #expect(ContinuousClock.now - start < .seconds(60))
            }
        }
    }

    @Test("have notes that fit, whatever is in them") func notes() {
        let long = ClusterEvent(
            .normal,
            "Promoted",
            note: String(repeating: "😀", count: 2000) + "\u{1B}[2J\n"
        )
        let short = ClusterEvent(.normal, "Promoted", note: "a\u{1B}[2J\nb")
        let pod = PodReference(name: "plumbline-0", uid: nil)
        let events = [long, short]
            .map { EventObject($0, about: pod, in: "mesh", at: 1_700_000_000_000_000, times: 7) }
        #expect(events[0].note.utf8.count <= 1024)
        #expect(events[0].note.hasSuffix("😀 (7 times)"))
        #expect(events[1].note == "a [2J b (7 times)")
        #expect(events[1].metadata.name == "plumbline-0.60a24181e4000")
        #expect(events[1].eventTime == "2023-11-14T22:13:20.000000Z")
    }

    private static func with(
        _ body: (FakeAPIServer, EventSender, VirtualClock) async throws -> Void
    ) async throws {
        let fake = FakeAPIServer()
        let clock = VirtualClock()
        try await fake.serving { url, _ in
            try await Pod.with(url) { pod in
                let sender = pod.sender(clock)
                let running = Task { await sender.run() }
                defer { running.cancel() }
                try await body(fake, sender, clock)
                running.cancel()
                await running.value
            }
        }
    }
}

extension Pod {
    fileprivate func sender(_ clock: VirtualClock = VirtualClock()) -> EventSender {
        let now: @Sendable () -> Instant = {
            Instant(milliseconds: clock.now.elapsed.milliseconds)
        }
        return EventSender(
            server,
            about: PodReference(name: "plumbline-0", uid: "742523da"),
            clock: LeaseClock(
                now: now,
                wall: { 1_700_000_000_000_000 + now().milliseconds * 1000 },
                sleep: { try await clock.sleep(for: $0 - now()) }
            ),
            logger: .quiet
        )
    }
}
