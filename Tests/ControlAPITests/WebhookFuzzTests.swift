import ControlAPI
import MeshModel
import Simulation
import Testing

/// No bytes trap the reader, and what it reads keeps its word.
@Suite struct WebhookFuzzTests {
    private static let pullRequest = """
        {"pullrequest":{"id":1,"state":"OPEN","draft":false,\
        "source":{"branch":{"name":"a/b"},"commit":{"hash":"0123456789ab"},\
        "repository":{"full_name":"acme/fork"}},\
        "destination":{"branch":{"name":"main"},"commit":{"hash":"0123456789ab"},\
        "repository":null}},"repository":{"full_name":"acme/mesh",\
        "uuid":"{89bb6900-7365-48eb-d645-5d0ab07aa5fe}"}}
        """
    private static let side = """
        {"id":"refs/heads/main","latestCommit":"\(Payload.after)",\
        "repository":{"slug":"mesh","project":{"key":"MESH"}}}
        """
    private static let dataCenterRequest = """
        {"eventKey":"pr:opened","date":"2026-11-20T10:16:00+0000","pullRequest":{"id":11,\
        "state":"OPEN","fromRef":\(side),"toRef":\(side)}}
        """

    private static let seeds: [(flavor: String, key: String, body: String)] = [
        ("x-request-uuid", "repo:push", Payload.move()),
        (
            "x-request-uuid", "repo:push",
            Payload.push([
                Payload.change(old: Payload.side("a", Payload.before), new: nil, forced: true),
                Payload.change(old: nil, new: Payload.side("v1", Payload.after, type: "tag")),
            ])
        ),
        ("x-request-uuid", "pullrequest:created", pullRequest),
        ("x-request-id", "repo:refs_changed", Payload.dataCenter(date: "2026-11-20T10:16:00Z")),
        ("x-request-id", "pr:opened", dataCenterRequest),
    ]

    private static let splices = [
        "null", "{}", "[]", "[null]", "true", "-1", "1e308", "99999999999999999999", "\"\"",
        "\"refs/heads/\"", "\"../x\"", "\"\\u0000\"", "\"\\ud800\"", "{\"a\":{\"a\":[]}}",
        String(repeating: "[", count: 600), "\"" + String(repeating: "0", count: 40) + "\"", ":",
        ",",
        "}", "]",
    ]

    @Test func seedsAreUnderstood() throws {
        for (flavor, key, body) in Self.seeds {
            let event = try WebhookEvent(Self.headers(flavor, key), body: Array(body.utf8))
            #expect(event.content != .other && event.repository != nil)
        }
    }

    @Test func anyBytesAreReadOrRefused() async throws {
        var random = SplitMix64(seed: 20_261_121)
        var understood = 0
        for round in 0..<20_000 {
            if round.isMultiple(of: 500) { await Task.yield() }
            guard let (flavor, key, body) = random.pick(Self.seeds) else { continue }
            let bytes = Self.mutated(Array(body.utf8), &random)
            guard let event = try? WebhookEvent(Self.headers(flavor, key), body: bytes) else {
                continue
            }
            understood += 1
            Self.check(event, "round \(round)")
        }
        #expect(understood > 1000 && understood < 19_000, "\(understood) were understood")
    }

    private static func headers(_ flavor: String, _ key: String) throws -> DeliveryHeaders {
        try DeliveryHeaders { name in
            name == "x-event-key" ? [key] : name == flavor ? ["1"] : []
        }
    }

    /// Changes a few bytes, or puts a foreign piece in the place of a value.
    private static func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        if random.chance(5) { return bytes }
        for _ in 0..<random.number(1...2) {
            let place = Int(random.number(0...Int64(max(0, bytes.count - 1))))
            switch random.number(0...4) {
            case 0:
                bytes[place] = UInt8(random.number(0...255))
            case 1:
                let end = min(bytes.count, place + Int(random.number(1...40)))
                bytes.removeSubrange(place..<end)
            case 2:
                bytes.insert(contentsOf: (random.pick(splices) ?? "").utf8, at: place)
            case 3:
                let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")) ?? bytes.count - 1
                let end = bytes[colon...].firstIndex { $0 == 0x2C || $0 == 0x7D } ?? bytes.count
                let splice = random.pick(splices) ?? ""
                bytes.replaceSubrange(min(colon + 1, end)..<end, with: splice.utf8)
            default:
                bytes = Array(bytes.prefix(place + 1))
            }
            if bytes.isEmpty { return bytes }
        }
        return bytes
    }

    /// Whatever was believed is of the form that the loop relies on.
    private static func check(_ event: WebhookEvent, _ comment: Comment) {
        if let repository = event.repository {
            #expect(RepositoryIdentity(fullName: repository.fullName) != nil, comment)
            #expect(repository.fullName.utf8.allSatisfy { (0x21...0x7E).contains($0) }, comment)
        }
        switch event.content {
        case .push(let changes):
            for change in changes {
                #expect(RefName(full: "\(change.ref)") == change.ref, comment)
                #expect(change.old != nil || change.new != nil, comment)
                #expect((change.kind == .deleted) == (change.new == nil), comment)
                for hash in [change.old, change.new].compactMap(\.self) {
                    #expect([40, 64].contains(hash.count), comment)
                }
            }
        case .pullRequest(let request):
            for side in [request.source, request.destination] {
                #expect(RefName(full: "\(side.branch)") == side.branch, comment)
                #expect(side.commit.map { (7...64).contains($0.count) } ?? true, comment)
            }
        case .other: break
        }
    }
}
