import ControlAPI
import Foundation
import MeshModel
import Testing

/// Payloads with their HMACs, read from the folder that `PLUMBLINE_FIXTURES` names.
private let fixtures = ProcessInfo.processInfo.environment["PLUMBLINE_FIXTURES"]
    .map { URL(filePath: $0).appending(path: "webhooks") }

@Suite(.enabled(if: fixtures != nil, "PLUMBLINE_FIXTURES does not name a folder"))
struct WebhookFixtureTests {
    /// What each payload says, read off it by hand: `repository: what moved`.
    static let expected: [(name: String, decision: DeliveryDecision, nudge: String?)] = [
        ("bbc_push", .queued, "acme/mesh-config: updated refs/heads/main 6dcd4ce ae4f281"),
        (
            "bbc_push_forced", .queued,
            "acme/mesh-config: updated refs/heads/main ae4f281 32096c2 forced"
        ),
        ("bbc_branch_delete", .queued, "acme/mesh-config: deleted refs/heads/canary ae4f281 -"),
        ("bbc_branch_create", .queued, "acme/mesh-config: created refs/heads/canary - ae4f281"),
        ("bbc_tag_push", .queued, "acme/mesh-config: created refs/tags/v1.4.0 - ae4f281"),
        (
            "bbc_push_truncated_multi", .queued,
            "acme/mesh-config: updated refs/heads/main 6dcd4ce 902ba3c truncated, "
                + "created refs/tags/lw-1 - ae4f281"
        ),
        ("bbc_pr_created", .queued, "acme/mesh-config: #42 open ae4f281df5a5"),
        ("bbc_pr_updated", .queued, "acme/mesh-config: #42 open 32096c2e0eff"),
        ("bbc_pr_fulfilled", .queued, "acme/mesh-config: #42 merged 32096c2e0eff"),
        (
            "bbdc_refs_changed_update", .queued,
            "MESH/mesh-config: updated refs/heads/main 6dcd4ce ae4f281"
        ),
        (
            "bbdc_refs_changed_add_delete", .queued,
            "MESH/mesh-config: deleted refs/heads/canary ae4f281 -, "
                + "created refs/tags/v1.4.0 - ae4f281"
        ),
        ("bbdc_ping", .ping, nil),
        ("bbdc_pr_opened", .queued, "MESH/mesh-config: #11 open ae4f281df5a5"),
        ("bbdc_pr_from_ref_updated", .queued, "MESH/mesh-config: #11 open 32096c2e0eff"),
        ("bbdc_pr_merged", .queued, "MESH/mesh-config: #11 merged 32096c2e0eff"),
        // Not Bitbucket's, though somebody signed it with our secret.
        ("travis_webhook", .badHeaders, nil),
    ]

    @Test func everyPayloadIsDecidedRightly() async throws {
        let folder = try #require(fixtures)
        let index = try SpecValue(json: Data(contentsOf: folder.appending(path: "index.json")))
        let entries = try #require(index.members)
        #expect(entries.keys.sorted() == Self.expected.map(\.name).sorted())
        try await Webhooks.running { webhooks in
            for (name, decision, nudge) in Self.expected {
                let entry = try #require(entries[name]?.members)
                let body = try Data(contentsOf: folder.appending(path: "\(name).json"))
                var post = Post(Array(body))
                let signature = try #require(entry["sig"]?.text)
                #expect(post.signature(Post.secret) == signature)
                post.headers = [
                    ("Content-Type", "application/json"),
                    ("X-Event-Key", try #require(entry["event"]?.text)),
                    ("X-Hub-Signature", signature),
                ]
                if name.hasPrefix("bbc_") { post.headers.append(("X-Request-UUID", name)) }
                if name.hasPrefix("bbdc_") { post.headers.append(("X-Request-Id", name)) }
                let answer = try await webhooks.send(post)
                #expect(answer.status == decision.status, "\(name): \(answer)")
                #expect(webhooks.decision == decision, "\(name): \(answer)")
                guard let nudge else { continue }
                let found = await webhooks.nudges(1).map(\.summary)
                #expect(found == [nudge], "\(name)")
            }
        }
    }

    /// Time from the first byte sent to the whole answer read, on a connection that stays open.
    @Test func latencyIsPrinted() async throws {
        let folder = try #require(fixtures)
        let push = try Data(contentsOf: folder.appending(path: "bbc_push.json"))
        let text = String(decoding: push, as: UTF8.self)
        let hash = "ae4f281df5a5d0ff3cad6371f76d5c29b6d953ec"
        try await Webhooks.running { webhooks in
            let clock = ContinuousClock()
            let times = try await RawConnection.open(webhooks.port) { connection in
                var times: [Duration] = []
                for number in 0..<200 {
                    let other = String(number + 0x1000_0000, radix: 16) + hash.dropFirst(8)
                    let body = text.replacing(hash, with: other)
                    let bytes = Post.cloud(body, id: "latency-\(number)").bytes
                    let start = clock.now
                    try await connection.send(bytes)
                    let answer = try await connection.answer()
                    times.append(clock.now - start)
                    #expect(answer?.status == 202, "\(String(describing: answer))")
                }
                return times.sorted()
            }
            print("202 to a push of \(push.count) bytes: p50 \(times[100]), p99 \(times[198])")
            #expect(webhooks.queued == 200)
        }
    }
}

extension Nudge {
    /// Repository and refs or pull request in one line.
    var summary: String {
        switch cause {
        case .push(let changes):
            let texts = changes.map { change in
                let hashes = [change.old, change.new].map { $0.map { String($0.prefix(7)) } ?? "-" }
                let flags =
                    (change.isForced == true ? " forced" : "")
                    + (change.isTruncated ? " truncated" : "")
                return "\(change.kind.rawValue) \(change.ref) "
                    + hashes.joined(separator: " ") + flags
            }
            return "\(repository): " + texts.joined(separator: ", ")
        case .pullRequest(let request):
            let commit = request.source.commit?.prefix(12) ?? "-"
            return "\(repository): #\(request.number) \(request.state.rawValue) \(commit)"
        }
    }
}
