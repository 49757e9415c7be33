import ControlAPI
import MeshModel
import Testing

/// Attacks with genuine bodies: repeated, relabelled, late, in the wrong order.
@Suite struct RepetitionAttackTests {
    @Test("Attack 6: a valid body replayed 10,000 times") func attack6() async throws {
        try await Webhooks.running { webhooks in
            let body = Payload.move()
            let count = 10_000
            let statuses = try await RawConnection.open(webhooks.port) { connection in
                var statuses: [Int: Int] = [:]
                for start in stride(from: 0, to: count, by: 50) {
                    // Every second one under an id that was never seen.
                    let posts = (start..<start + 50)
                        .map { Post.cloud(body, id: $0.isMultiple(of: 2) ? "same" : "new-\($0)") }
                    try await connection.send(posts.flatMap(\.bytes))
                    for _ in posts {
                        let answer = try await connection.answer()
                        statuses[answer?.status ?? 0, default: 0] += 1
                    }
                }
                return statuses
            }
            #expect(statuses == [202: count])
            #expect(
                webhooks.server.deliveries.counts == [.queued: 1, .duplicate: Int64(count - 1)]
            )
            #expect(webhooks.server.deliveries.latest.count <= 640)
            // A day later ids are forgotten, and a body after a minute: a look is all it costs.
            webhooks.clocks.advance(by: .seconds(61))
            try await webhooks.expect(.duplicate, of: Post.cloud(body, id: "same"))
            try await webhooks.expect(.queued, of: Post.cloud(body, id: "another"))
        }
    }

    /// Ids are not signed: an old body under the id of a delivery on its way must not replace it.
    @Test func anIDOfSomebodyElseSuppressesNothing() async throws {
        try await Webhooks.running { webhooks in
            try await webhooks.expect(.queued, of: Post.cloud(Payload.move(1), id: "x"))
            try await webhooks.expect(.queued, of: Post.cloud(Payload.move(2), id: "x"))
            try await webhooks.expect(.duplicate, of: Post.cloud(Payload.move(1), id: "x"))
        }
    }

    @Test("Attack 7: X-Event-Key swapped") func attack7() async throws {
        try await Webhooks.running { webhooks in
            let keys = [
                "pullrequest:approved", "pullrequest:fulfilled", "pullrequest:created",
                "issue:created", "repo:refs_changed", "repo:push2", "REPO:PUSH",
            ]
            for key in keys {
                let post = Post.cloud(Payload.move(), key: key, id: key)
                try await webhooks.expect(.contradiction, of: post, "\(key)")
            }
            let merged = """
                {"pullrequest":{"id":1,"state":"OPEN",\
                "source":{"branch":{"name":"a"},"commit":{"hash":"0123456789ab"}},\
                "destination":{"branch":{"name":"main"},"commit":{"hash":"0123456789ab"}}},\
                "repository":{"full_name":"acme/mesh-config"}}
                """
            let push = Post.cloud(merged, key: "repo:push", id: "1")
            try await webhooks.expect(.contradiction, of: push)
            // Whether it is merged, the signed state says, not the header.
            let post = Post.cloud(merged, key: "pullrequest:fulfilled", id: "2")
            try await webhooks.expect(.queued, of: post)
            let nudge = try #require(await webhooks.nudges(1).first)
            #expect(nudge.summary == "acme/mesh-config: #1 open 0123456789ab")
            // Data Center signs the key.
            let body = Payload.dataCenter(date: "2026-11-20T11:59:00+0000")
            let swapped = Post.dataCenter(body, key: "pr:merged", id: "3")
            try await webhooks.expect(.contradiction, of: swapped)
            // One Bitbucket's body under the other's headers.
            let cloud = Post.cloud(body, key: "repo:refs_changed", id: "4")
            try await webhooks.expect(.ignored, of: cloud)
            let center = Post.dataCenter(Payload.move(), key: "repo:push", id: "5")
            try await webhooks.expect(.malformed, of: center)
            #expect(webhooks.queued == 1)
            // None of this kept the genuine delivery out.
            try await webhooks.expect(.queued, of: Post.cloud(Payload.move(), id: "repo:push"))
        }
    }

    @Test("Attack 16: late, out of order, or never") func attack16() async throws {
        try await Webhooks.running { webhooks in
            // It is noon of 2026-11-20 here.
            let dates: [(String, DeliveryDecision)] = [
                ("2026-11-20T12:00:00+0000", .queued), ("2026-11-20T11:00:00Z", .queued),
                ("2026-11-20T14:00:00.5+01:00", .queued), ("2026-11-19T12:30:00+0000", .queued),
                ("2026-11-19T11:30:00+0000", .stale), ("1970-01-01T00:00:00+0000", .stale),
                ("yesterday", .malformed), ("2026-13-20T12:00:00+0000", .malformed),
            ]
            for (index, (date, decision)) in dates.enumerated() {
                let hash = String(repeating: "\(index)", count: 39) + "a"
                let body = Payload.dataCenter(date: date, to: hash)
                try await webhooks.expect(
                    decision,
                    of: Post.dataCenter(body, id: date),
                    "\(date)"
                )
            }
            // In the order they came: which is newer is Git's to say.
            let commits = await webhooks.nudges(4).flatMap(\.commits).map { $0.prefix(1) }
            #expect(commits == ["0", "1", "2", "3"])
        }
    }

    @Test("Attack 17: a commit that the branch does not have") func attack17() async throws {
        try await Webhooks.running {
            $0.branch = "main"
        } _: { webhooks in
            let hash = String(repeating: "d", count: 40)
            let change = Payload.change(
                old: Payload.side("main", Payload.before),
                new: Payload.side("main", hash)
            )
            try await webhooks.expect(.queued, of: Post.cloud(Payload.push([change]), id: "1"))
            // A hint, handed on as it is said; only Git's own refs decide what is planned.
            #expect(await webhooks.nudges(1).flatMap(\.commits) == [hash])
            let other = Payload.change(old: nil, new: Payload.side("main", hash, type: "tag"))
            let post = Post.cloud(Payload.push([other]), id: "2")
            try await webhooks.expect(.ignored, of: post, "a tag that is called main")
        }
    }

    /// What was refused for want of room is new when Bitbucket repeats it.
    @Test func aFullQueueLosesNothing() async throws {
        try await Webhooks.running {
            $0.queueLength = 2
        } _: { webhooks in
            for number in 1...2 {
                let post = Post.cloud(Payload.move(number), id: "\(number)")
                try await webhooks.expect(.queued, of: post)
            }
            let third = Post.cloud(Payload.move(3), id: "3")
            let answer = try await webhooks.send(third)
            #expect(answer.status == 503 && answer.decision == "queueFull")
            #expect(answer.header("retry-after").flatMap { Int($0) } ?? 0 > 0)
            _ = await webhooks.nudges(1)
            try await webhooks.expect(.queued, of: third.with("X-Attempt-Number", "2"))
            #expect(webhooks.server.deliveries.latest.last?.attempt == 2)
            let left = await webhooks.nudges(2).map(\.id)
            #expect(left == ["2", "3"])
        }
    }
}

extension Nudge {
    var commits: [String] {
        guard case .push(let changes) = cause else { return [] }
        return changes.compactMap(\.new)
    }
}
