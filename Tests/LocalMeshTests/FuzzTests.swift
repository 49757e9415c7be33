import LocalMesh
import MeshModel
import Testing

/// Thousands of requests made of good ones and damage: every answer is one of the API's.
struct FuzzTests {
    private static let words: [String] = [
        "shop", "web-v1", "web", "main", "web.local", "edge", "all", "ghost", "a.b", "", "..",
        "%2F",
        "%00", "%ff", String(repeating: "n", count: 300),
    ]

    private static let values: [SpecValue] = [
        .null, true, -1, 0, 101, .integer(.max), .integer(.min), .number(1e300), .number(0.5), "",
        "ALLOW_ALL", "\u{0}", [], [:], [[:]], .string(String(repeating: "x", count: 5000)),
    ]

    @Test(arguments: [UInt64(1), 2, 3])
    func neverAnswersOutsideTheAPI(seed: UInt64) async throws {
        try await withMesh { probe in
            var random = SplitMix64(seed: seed)
            try await probe.buildShop()
            for _ in 0..<700 {
                let (method, path, body) = Self.request(&random)
                let reply = try await probe.send(method, path, body)
                let request = "\(method) \(path) \(body ?? "")"
                #expect(reply.status < 500, "\(request) got \(reply.status): \(reply.text)")
                #expect((reply.status == 200) == (reply.errorType == nil), "\(request)")
                #expect(reply.requestID?.count == 36, "\(request)")
                #expect(reply.body.members != nil, "\(request) got \(reply.text)")
            }
            #expect(try await probe.get("/meshes").status == 200)
        }
    }

    private static func request(
        _ random: inout SplitMix64
    ) -> (method: String, path: String, body: String?) {
        let operation = Operation.all.randomElement(using: &random) ?? .tagResource
        let segments = operation.path.map { segment in
            segment.hasPrefix("{") ? words.randomElement(using: &random) ?? "" : segment
        }
        var path = Operation.pathPrefix + "/" + segments.joined(separator: "/")
        if Int.random(in: 0..<3, using: &random) == 0 {
            let word = words.randomElement(using: &random) ?? ""
            path += "?limit=\(word)&nextToken=\(word)&meshOwner=\(word)&resourceArn=\(word)"
        }
        guard operation.method == "PUT" else { return (operation.method, path, nil) }
        let sample = Sample.resources.randomElement(using: &random)
        let word = words.randomElement(using: &random) ?? ""
        let good: SpecValue = .object([
            sample?.member ?? "tags": .string(word), "spec": sample?.spec ?? [:],
        ])
        var body = damaged(good, &random).json
        if Int.random(in: 0..<10, using: &random) == 0 { body = String(body.dropLast(3)) }
        return (operation.method, path, body)
    }

    /// The value with about one part in eight replaced, renamed or gone.
    private static func damaged(_ value: SpecValue, _ random: inout SplitMix64) -> SpecValue {
        guard Int.random(in: 0..<8, using: &random) > 0 else {
            return values.randomElement(using: &random) ?? .null
        }
        switch value {
        case .object(let members):
            var result: [String: SpecValue] = [:]
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                switch Int.random(in: 0..<16, using: &random) {
                case 0: result[name + "x"] = member
                case 1: continue
                default: result[name] = damaged(member, &random)
                }
            }
            return .object(result)
        case .list(let items):
            let times = Int.random(in: 0..<12, using: &random) == 0 ? 20 : 1
            return .list(
                (0..<times).flatMap { _ in items.map { damaged($0, &random) } }
            )
        case .null, .bool, .integer, .number, .string:
            return value
        }
    }
}
