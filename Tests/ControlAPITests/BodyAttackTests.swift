import ControlAPI
import MeshModel
import Scripted
import Testing

/// Attacks with bodies that are signed, and hostile.
@Suite struct BodyAttackTests {
    @Test("Attack 9: hostile JSON") func attack9() async throws {
        try await Webhooks.running { webhooks in
            let good = Payload.move()
            func adding(_ member: String) -> String { "{\(member),\(good.dropFirst())" }
            func nested(_ depth: Int) -> String {
                String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            }
            let wide = (0..<100_000).map { "\"\($0)\":0" }.joined(separator: ",")
            let bodies: [(String, DeliveryDecision)] = [
                (adding(#""x":\#(nested(100))"#), .queued),
                (adding(#""x":\#(nested(100_000))"#), .malformed),
                (nested(100_000), .malformed), (String(repeating: "[", count: 500_000), .malformed),
                ("{\(wide)}", .contradiction), (adding(#""push":{}"#), .malformed),
                (adding(#""x":{"a":1,"a":1}"#), .malformed), (adding(#""x":NaN"#), .malformed),
                (adding(#""x":-Infinity"#), .malformed), (adding(#""x":1e400"#), .malformed),
                (adding(#""x":\#(String(repeating: "9", count: 100))"#), .queued),
                (adding(#""x":"\ud800""#), .malformed),
                (adding(#""x":"\udc00\ud800""#), .malformed),
                (adding(#""x":"\u00zz""#), .malformed), ("", .malformed), ("null", .malformed),
                ("\u{FEFF}" + good, .malformed), (good + good, .malformed),
                (String(good.dropLast()), .malformed), ("{\"push\":3}", .malformed),
                ("[]", .malformed), ("{\"push\":{}}", .malformed),
            ]
            for (index, (body, decision)) in bodies.enumerated() {
                // Each needs bytes of its own, or it is a repetition.
                let post = Post.cloud(body + String(repeating: " ", count: index), id: "\(index)")
                try await webhooks.expect(decision, of: post, "\(index): \(body.prefix(60))")
            }
            var bytes = Post.cloud("", id: "raw")
            bytes.body = [0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x3A, 0x30, 0x7D]
            bytes = bytes.with("X-Hub-Signature", bytes.signature(Post.secret))
            try await webhooks.expect(.malformed, of: bytes, "not UTF-8")
            try await webhooks.expect(.queued, of: Post.cloud(Payload.move(99), id: "after"))
        }
    }

    @Test("Attack 10: changes of every kind") func attack10() async throws {
        try await Webhooks.running { webhooks in
            let (before, after) = (Payload.before, Payload.after)
            let main = Payload.side("main", before)
            let cases: [(String, DeliveryDecision, String?)] = [
                (Payload.push([]), .ignored, nil), (Payload.push(list: "null"), .ignored, nil),
                (Payload.push(list: "{}"), .malformed, nil),
                (Payload.push(list: "[null]"), .malformed, nil),
                (Payload.push(["{}"]), .malformed, nil),
                (
                    Payload.push([Payload.change(old: main, new: nil)]), .queued,
                    "deleted refs/heads/main 1111111 -"
                ),
                (
                    Payload.push([Payload.change(old: nil, new: main)]), .queued,
                    "created refs/heads/main - 1111111"
                ),
                (
                    Payload.push([
                        Payload.change(old: nil, new: Payload.side("main", after, type: "tag"))
                    ]), .queued, "created refs/tags/main - 2222222"
                ),
                (
                    Payload.push([
                        Payload.change(old: main, new: Payload.side("main", after), forced: true)
                    ]), .queued, "updated refs/heads/main 1111111 2222222 forced"
                ),
                (
                    Payload.push([
                        Payload.change(old: main, new: Payload.side("other", after))
                    ]), .malformed, nil
                ),
                (
                    Payload.push([
                        Payload.change(old: main, new: Payload.side("main", "2222222"))
                    ]), .malformed, nil
                ),
                (
                    Payload.push([
                        Payload.change(
                            old: nil,
                            new: Payload.side("default", after, type: "named_branch")
                        )
                    ]), .ignored, nil
                ),
            ]
            for (index, (body, decision, nudge)) in cases.enumerated() {
                try await webhooks.expect(
                    decision,
                    of: Post.cloud(body, id: "\(index)"),
                    "\(index)"
                )
                guard let nudge else { continue }
                let found = await webhooks.nudges(1).map(\.summary)
                #expect(found == ["acme/mesh-config: " + nudge])
            }
            let many = (0..<1000)
                .map { Payload.change(old: nil, new: Payload.side("b/\($0)", after)) }
            try await webhooks.expect(.queued, of: Post.cloud(Payload.push(many), id: "many"))
            #expect(await webhooks.nudges(1).flatMap(\.commits).count == 1000)
        }
    }

    @Test func refsHaveNamesThatGitWouldTake() async throws {
        try await Webhooks.running { webhooks in
            let names = [
                "", "a b", "../x", "a//b", "/a", "a/", "a\\u0000b", "a\\nb", "-c", "a.lock", "@",
                "a@{1}", "a~1", "a:b", ".a", String(repeating: "a", count: 1025),
            ]
            for name in names {
                let change = Payload.change(old: nil, new: Payload.side(name, Payload.after))
                let post = Post.cloud(Payload.push([change]), id: "name")
                try await webhooks.expect(.malformed, of: post, "\(name)")
            }
        }
    }

    @Test("Attack 11: links.clone of the wrong shape (CVE-2025-59531)") func attack11() async throws
    {
        try await Webhooks.running { webhooks in
            let body = Payload.dataCenter(date: "2026-11-20T12:00:00+0000")
            let clones = [
                "3", "null", "{}", "[]", "[null]", "[{}]", #"[{"href":1}]"#, #"[{"name":"ssh"}]"#,
                #""x""#, #"[{"href":"ssh://","name":null}]"#,
            ]
            for clone in clones {
                let links = #""links":{"clone":\#(clone)},"slug":"mesh-config""#
                let hostile = body.replacing(#""slug":"mesh-config""#, with: links)
                try await webhooks.expect(
                    .queued,
                    of: Post.dataCenter(hostile, id: clone),
                    "\(clone)"
                )
            }
        }
    }

    @Test("Attack 12: names that look like ours") func attack12() async throws {
        try await Webhooks.running {
            $0.repository = RepositoryIdentity(fullName: "acme/mesh-config")
        } _: { webhooks in
            let names: [(String, DeliveryDecision)] = [
                ("acme/../mesh-config", .malformed), ("acme/..", .malformed),
                ("../acme/mesh-config", .malformed), ("acme%2fmesh-config", .malformed),
                ("acme/mesh%2dconfig", .malformed), ("аcme/mesh-config", .malformed),
                ("acme/mesh\u{2010}config", .malformed), ("acme/mesh-config/", .malformed),
                ("/acme/mesh-config", .malformed), ("acme", .malformed), ("", .malformed),
                (#"acme/mesh-config\u0000"#, .malformed), ("acme/mesh-config ", .malformed),
                ("evil/mesh-config", .otherRepository), ("acme/mesh-config2", .otherRepository),
                ("acme/mesh_config", .otherRepository), ("acme/mesh-config", .queued),
                // Bitbucket knows no two repositories whose names differ in case alone.
                ("ACME/Mesh-Config", .queued),
            ]
            for (index, (name, decision)) in names.enumerated() {
                let body = Payload.move(index, repository: name)
                let post = Post.cloud(body, id: "\(index)")
                try await webhooks.expect(decision, of: post, "\(name)")
            }
        }
    }

    @Test("Attack 13: addresses in the payload") func attack13() async throws {
        try await ScriptedServer.serving { _, _ in
            .answer(200, "{}")
        } _: { endpoint, peer in
            try await Webhooks.running { webhooks in
                for (index, address) in [endpoint, "http://169.254.169.254/latest/"].enumerated() {
                    let links = """
                        "links":{"self":{"href":"\(address)"},"html":{"href":"\(address)"},\
                        "clone":[{"name":"http","href":"\(address)"}]},"website":"\(address)"
                        """
                    let body = Payload.move(index)
                        .replacing(#""full_name""#, with: "\(links),\"full_name\"")
                        .replacing(#""push":{"#, with: "\"push\":{\(links),")
                    try await webhooks.expect(.queued, of: Post.cloud(body, id: "\(index)"))
                    let nudge = try #require(await webhooks.nudges(1).first)
                    #expect(!"\(nudge)".contains("http"), "an address got through")
                }
                #expect(peer.requests.isEmpty)
            }
        }
    }
}
