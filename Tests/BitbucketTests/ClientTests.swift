import Bitbucket
import Foundation
import Scripted
import Synchronization
import Testing

/// One call: who we are, where it goes, what an answer means.
@Suite(.timeLimit(.minutes(3))) struct ClientTests {
    @Test func cloudTakesAStatus() async throws {
        let fake = FakeBitbucket(.cloud)
        try await fake.serving { url in
            let desk = try Desk(url)
            desk.outbox.put(.sample(.inProgress, "main at 25 %"))
            await desk.outbox.flush(within: .seconds(60))
        }
        let status = try #require(fake.status("plumbline-prod"))
        #expect(status["state"] == "INPROGRESS")
        #expect(status["name"] == "Plumbline prod")
        #expect(status["description"] == "main at 25 % · ledger 7:0123456789ab")
        #expect(status["url"]?.hasSuffix("/acme/mesh/commits/\(FakeBitbucket.commit)") == true)
        #expect(fake.refusals.isEmpty)
    }

    @Test func aDataCenterTakesAStatus() async throws {
        let fake = FakeBitbucket(.dataCenter)
        try await fake.serving { url in
            // Both ways of writing its address are known from other tools.
            for base in [url, url + "/rest"] {
                let desk = try Desk(base, .dataCenter)
                desk.outbox.put(.sample(.stopped))
                await desk.outbox.flush(within: .seconds(60))
            }
        }
        #expect(fake.history.map { $0["state"] } == ["CANCELLED", "CANCELLED"])
        let page = "/projects/ACME/repos/mesh/commits/\(FakeBitbucket.commit)"
        #expect(fake.status("plumbline-prod")?["url"]?.hasSuffix(page) == true)
        #expect(fake.refusals.isEmpty)
    }

    @Test(arguments: [
        (CommitStatus.State.inProgress, "INPROGRESS"), (.successful, "SUCCESSFUL"),
        (.failed, "FAILED"), (.stopped, "STOPPED"),
    ])
    func cloudKnowsEveryState(state: CommitStatus.State, word: String) async throws {
        let fake = FakeBitbucket(.cloud)
        try await fake.serving { url in
            let desk = try Desk(url)
            desk.outbox.put(.sample(state))
            await desk.outbox.flush(within: .seconds(60))
        }
        #expect(fake.status("plumbline-prod")?["state"] == word)
    }

    @Test func anAPITokenGoesWithItsMail() async throws {
        let fake = FakeBitbucket(.cloud)
        try await fake.serving { url in
            let desk = try Desk(url, token: "robot@example.com:token-one\n")
            desk.outbox.put(.sample(.successful))
            await desk.outbox.flush(within: .seconds(60))
        }
        #expect(fake.history.count == 1)
    }

    /// The file is read for each call, so a new token needs no restart.
    @Test func aRotatedTokenIsTakenUp() async throws {
        let fake = FakeBitbucket(.cloud)
        fake.state.withLock { $0.token = "token-two" }
        try await fake.serving { url in
            let desk = try Desk(url)
            desk.outbox.put(.sample(.successful))
            try await desk.sending {
                try await eventually("it is refused") { fake.refusals.contains(401) }
                #expect(fake.history.isEmpty)
                try desk.write(token: "token-two\r\n")
                try await eventually("it is taken") { fake.history.count == 1 }
            }
            let told = desk.lines.all.joined(separator: "\n")
            #expect(told.contains("HTTP 401 (Token is invalid"))
            #expect(told.contains("bitbucket.tokenFile"))
            #expect(!told.contains("token-one") && !told.contains("token-two"))
        }
    }

    @Test func anotherRepositoryIsSaidOnceAndForgotten() async throws {
        let fake = FakeBitbucket(.cloud)
        try await fake.serving { url in
            let desk = try Desk(url, repository: "acme/other")
            desk.outbox.put(.sample(.successful))
            await desk.outbox.flush(within: .seconds(60))
            #expect(desk.outbox.waitingCount == 0)
            #expect(desk.lines.all.first?.contains("HTTP 404 (Repository does not") == true)
        }
        #expect(fake.refusals == [404])
    }

    @Test func redirectsAreNotFollowed() async throws {
        try await ScriptedServer.serving { _, _ in
            .answer(201, "{}")
        } _: { elsewhere, thief in
            try await ScriptedServer.serving { request, _ in
                .answer(302, headers: ["location": elsewhere + request.target], "")
            } _: { url, server in
                let desk = try Desk(url)
                desk.outbox.put(.sample(.successful))
                await desk.outbox.flush(within: .seconds(60))
                #expect(server.requests.count == 1)
                #expect(thief.requests.isEmpty)
                #expect(desk.outbox.waitingCount == 0)
                #expect(desk.lines.all.first?.contains("redirects") == true)
            }
        }
    }

    @Test func anEndlessAnswerIsCut() async throws {
        let megabyte = String(repeating: "x", count: 1 << 20)
        let body = String(repeating: megabyte, count: 9)
        try await ScriptedServer.serving { _, _ in
            .answer(200, body)
        } _: { url, _ in
            let desk = try Desk(url)
            desk.outbox.put(.sample(.successful))
            await desk.outbox.flush(within: .seconds(60))
            #expect(desk.lines.all.first?.contains("larger than 8388608 bytes") == true)
        }
    }

    /// What somebody else's server says may hold anything.
    @Test func aStrangeErrorIsOneShortLine() async throws {
        let words = #"\u001b[31mred\nnext "# + String(repeating: "long ", count: 500)
        let body = #"{"error":{"message":"\#(words)"}}"#
        try await ScriptedServer.serving { _, _ in
            .answer(400, body)
        } _: { url, _ in
            let desk = try Desk(url)
            desk.outbox.put(.sample(.successful))
            await desk.outbox.flush(within: .seconds(60))
            let line = try #require(desk.lines.all.first)
            #expect(line.contains("HTTP 400 ([31mred next long "))
            #expect(line.utf8.count < 500)
        }
    }

    @Test(arguments: [
        "", "\n", "two words", "a\r\nX-Injected: 1", String(repeating: "x", count: 5000),
    ])
    func aFileWithoutATokenSendsNothing(content: String) async throws {
        let fake = FakeBitbucket(.cloud)
        try await fake.serving { url in
            let desk = try Desk(url, token: content)
            desk.outbox.put(.sample(.successful))
            await desk.outbox.flush(within: .seconds(60))
            #expect(desk.outbox.waitingCount == 1)
            #expect(desk.lines.all.first?.contains("read the token in") == true)
        }
        #expect(fake.calls == 0)
    }

    @Test func aMissingTokenFileIsWaitedFor() async throws {
        let fake = FakeBitbucket(.cloud)
        try await fake.serving { url in
            let desk = try Desk(url)
            try FileManager.default.removeItem(at: desk.folder.appending(path: "token"))
            desk.outbox.put(.sample(.successful))
            try await desk.sending {
                try await eventually("it is missed") { !desk.lines.all.isEmpty }
                try desk.write(token: "token-one")
                try await eventually("it is sent") { fake.history.count == 1 }
            }
        }
    }
}
