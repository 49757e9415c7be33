import Bitbucket
import Foundation
import Scripted
import Testing

/// What waits, what is sent, and that nobody who puts something in ever waits.
@Suite(.timeLimit(.minutes(3))) struct OutboxTests {
    @Test func onlyTheNewestOfACommitAndKeyIsSent() async throws {
        let fake = FakeBitbucket(.cloud)
        fake.feel(.silent)
        try await fake.serving { url in
            let desk = try Desk(url)
            try await desk.sending {
                desk.outbox.put(.sample(.inProgress, "0 %"))
                try await eventually("the first is on its way") { fake.calls == 1 }
                for percent in 1...500 { desk.outbox.put(.sample(.inProgress, "\(percent) %")) }
                desk.outbox.put(.sample(.inProgress, "other", target: "staging"))
                desk.outbox.put(.sample(.successful, "done"))
                #expect(desk.outbox.waitingCount == 2)
                fake.feel(.well)
                try await eventually("all is said") { desk.outbox.waitingCount == 0 }
            }
        }
        let texts = fake.history.compactMap { $0["description"]?.prefix { $0 != "·" } }
        #expect(texts.first == "0 % " && Set(texts) == ["0 % ", "done ", "other "])
        #expect(fake.status("plumbline-prod")?["state"] == "SUCCESSFUL")
        #expect(texts.count == 3)
    }

    /// A Bitbucket that says nothing holds one call; who puts something in holds none.
    @Test func aSilentBitbucketDelaysNobody() async throws {
        let fake = FakeBitbucket(.cloud)
        fake.feel(.silent)
        try await fake.serving { url in
            let desk = try Desk(url, capacity: 16)
            try await desk.sending {
                desk.outbox.put(.sample(.inProgress))
                try await eventually("it is on its way") { fake.calls == 1 }
                for number in 0..<10_000 {
                    desk.outbox.put(.sample(.inProgress, target: "target-\(number)"))
                }
                #expect(desk.outbox.waitingCount == 16)
                #expect(fake.calls == 1)
                #expect(desk.lines.all.filter { $0.contains("the oldest are dropped") }.count == 1)
                fake.feel(.well)
                try await eventually("the newest are said") { desk.outbox.waitingCount == 0 }
            }
        }
        #expect(fake.status("plumbline-target-9999") != nil)
        #expect(fake.status("plumbline-target-9000") == nil)
    }

    @Test func retryAfterIsHonoured() async throws {
        let fake = FakeBitbucket(.cloud)
        fake.feel(.limited(times: 2, retryAfter: 137))
        try await fake.serving { url in
            let desk = try Desk(url)
            try await desk.sending {
                desk.outbox.put(.sample(.successful))
                try await eventually("it is taken") { fake.history.count == 1 }
                try await eventually("it is forgotten") { desk.outbox.waitingCount == 0 }
            }
            let waits = desk.clock.sleeps.prefix(2)
            #expect(waits.allSatisfy { $0 >= .seconds(137) && $0 <= .seconds(140) })
            #expect(waits.count == 2)
        }
        #expect(fake.refusals == [429, 429])
    }

    /// A server may ask for patience, but not for ever.
    @Test func anAbsurdRetryAfterIsAnHour() async throws {
        let fake = FakeBitbucket(.cloud)
        fake.feel(.limited(times: 1, retryAfter: 4_294_967_295))
        try await fake.serving { url in
            let desk = try Desk(url)
            try await desk.sending {
                desk.outbox.put(.sample(.successful))
                try await eventually("it is taken") { fake.history.count == 1 }
            }
            #expect(desk.clock.sleeps.first.map { $0 <= .seconds(3602) } == true)
        }
    }

    @Test func whatIsDownIsTriedAgainEverMoreRarely() async throws {
        let fake = FakeBitbucket(.cloud)
        fake.feel(.down(503))
        try await fake.serving { url in
            let desk = try Desk(url)
            try await desk.sending {
                desk.outbox.put(.sample(.inProgress, "early"))
                try await eventually("it is tried") { fake.refusals.count >= 10 }
                desk.outbox.put(.sample(.failed, "late"))
                fake.feel(.well)
                try await eventually("it is said") { desk.outbox.waitingCount == 0 }
            }
            let waits = Array(desk.clock.sleeps.prefix(10))
            for (number, wait) in waits.enumerated() {
                let highest = min(Duration.seconds(60), .seconds(1) * (1 << number))
                #expect(wait >= highest / 2 && wait <= highest, "\(number): \(wait)")
            }
            let complaints = desk.lines.all.filter { $0.hasPrefix("warning") }
            #expect(complaints.count == 1 && complaints[0].contains("HTTP 503 (it is down)"))
            #expect(desk.lines.all.contains { $0.contains("takes what we say again") })
        }
        #expect(fake.history.last?["state"] == "FAILED")
    }

    @Test func nobodyListeningIsNoEndEither() async throws {
        let desk = try Desk("http://127.0.0.1:1")
        try await desk.sending {
            desk.outbox.put(.sample(.successful))
            try await eventually("it is tried") { desk.clock.sleeps.count > 3 }
        }
        #expect(desk.outbox.waitingCount == 1)
        #expect(desk.lines.all.first?.contains("onnection refused") == true)
    }

    /// One status that Bitbucket cannot digest must not hold up the others.
    @Test func aRefusedStatusStandsInNobodysWay() async throws {
        let fake = FakeBitbucket(.cloud)
        try await fake.serving { url in
            let desk = try Desk(url)
            let unknown = String(repeating: "ef", count: 20)
            desk.outbox.put(.sample(.successful, commit: unknown))
            desk.outbox.put(.sample(.successful))
            await desk.outbox.flush(within: .seconds(60))
            #expect(desk.outbox.waitingCount == 0)
        }
        #expect(fake.refusals == [404])
        #expect(fake.history.count == 1)
    }

    @Test func aStatusThatFailsLetsTheOthersGoFirst() async throws {
        let bad = String(repeating: "ef", count: 20)
        try await ScriptedServer.serving { request, _ in
            request.path.contains(bad) ? .answer(500, "{}") : .answer(201, "{}")
        } _: { url, server in
            let desk = try Desk(url)
            try await desk.sending {
                desk.outbox.put(.sample(.successful, commit: bad))
                desk.outbox.put(.sample(.successful))
                try await eventually("the good one is said") {
                    server.requests.contains { $0.path.contains(FakeBitbucket.commit) }
                }
                try await eventually("the bad one waits") { desk.outbox.waitingCount == 1 }
            }
        }
    }

    @Test func callsAreFewAndFewerNearTheLimit() async throws {
        let fake = FakeBitbucket(.cloud)
        try await fake.serving { url in
            let desk = try Desk(url)
            try await desk.sending {
                desk.outbox.put(.sample(.successful))
                try await eventually("it is said") { desk.clock.sleeps.count == 1 }
                fake.feel(.nearLimit)
                desk.outbox.put(.sample(.successful, target: "staging"))
                try await eventually("both are said") { desk.clock.sleeps.count == 2 }
            }
            #expect(desk.clock.sleeps == [.seconds(4), .seconds(30)])
        }
    }

    @Test func theEndOfTheProcessIsSaid() async throws {
        let fake = FakeBitbucket(.cloud)
        try await fake.serving { url in
            let desk = try Desk(url)
            fake.feel(.silent)
            try await desk.sending {
                desk.outbox.put(.sample(.inProgress))
                try await eventually("it is on its way") { fake.calls == 1 }
            }
            fake.feel(.well)
            desk.outbox.put(.sample(.inProgress, "paused"))
            await desk.outbox.flush(within: .seconds(60))
            #expect(desk.outbox.waitingCount == 0)
            #expect(fake.history.last?["description"]?.hasPrefix("paused") == true)
        }
    }

    /// A Bitbucket that is down does not hold up the end either: one call tells.
    @Test func theEndWaitsForNobody() async throws {
        let fake = FakeBitbucket(.cloud)
        fake.feel(.down(502))
        try await fake.serving { url in
            let desk = try Desk(url)
            for target in ["a", "b", "c"] { desk.outbox.put(.sample(.successful, target: target)) }
            await desk.outbox.flush(within: .seconds(60))
            #expect(desk.outbox.waitingCount == 3)
        }
        #expect(fake.calls == 1)
    }
}
