import AsyncHTTPClient
import Bitbucket
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// The fake refuses what the real ones refuse, so that a test against it means something.
@Suite(.timeLimit(.minutes(2))) struct FakeBitbucketTests {
    private struct Ask {
        var path: String
        var body: [String: String] = [:]
        var authorization: String? = "Bearer token-one"
    }

    /// Sends what is good but for a change, and compares the status.
    private struct Caller {
        let url: String
        let path: String

        func expect(
            _ wanted: UInt,
            sourceLocation: SourceLocation = #_sourceLocation,
            _ change: (inout Ask) -> Void = { _ in }
        ) async throws {
            var ask = Ask(path: path, body: good)
            change(&ask)
            let (status, _) = try await post(url, ask)
            #expect(status == wanted, sourceLocation: sourceLocation)
        }
    }

    private static func post(_ url: String, _ ask: Ask) async throws -> (UInt, String) {
        var request = HTTPClientRequest(url: url + ask.path)
        request.method = .POST
        if let authorization = ask.authorization {
            request.headers.add(name: "authorization", value: authorization)
        }
        request.body = .bytes(try JSONEncoder().encode(ask.body))
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let bytes = try await answer.body.collect(upTo: 1 << 20)
        return (answer.status.code, String(buffer: bytes))
    }

    private static let good = ["key": "k", "state": "SUCCESSFUL", "url": "http://h/", "name": "n"]
    private static let cloud =
        "/repositories/acme/mesh/commit/\(FakeBitbucket.commit)/statuses/build"
    private static let dataCenter =
        "/rest/api/latest/projects/ACME/repos/mesh/commits/\(FakeBitbucket.commit)/builds"

    @Test func cloudHasItsRules() async throws {
        let fake = FakeBitbucket(.cloud)
        try await fake.serving { url in
            let caller = Caller(url: url, path: Self.cloud)
            try await caller.expect(201)
            try await caller.expect(201) { $0.body["state"] = "FAILED" }
            #expect(fake.status("k")?["state"] == "FAILED" && fake.history.count == 2)
            try await caller.expect(400) { $0.body["key"] = String(repeating: "k", count: 41) }
            try await caller.expect(400) { $0.body["key"] = nil }
            try await caller.expect(400) { $0.body["state"] = "CANCELLED" }
            try await caller.expect(400) { $0.body["url"] = nil }
            let long = String(repeating: "d", count: 256)
            try await caller.expect(400) { $0.body["description"] = long }
            try await caller.expect(401) { $0.authorization = nil }
            try await caller.expect(401) { $0.authorization = "Bearer token" }
            try await caller.expect(404) { $0.path = $0.path.replacing("acme", with: "b") }
            try await caller.expect(404) { $0.path = $0.path.replacing("ab", with: "0e") }
            try await caller.expect(404) { $0.path = "/user" }
            fake.feel(.limited(times: 1, retryAfter: 3))
            try await caller.expect(429)
            try await caller.expect(201)
            fake.feel(.down(502))
            try await caller.expect(502)
        }
    }

    @Test func aDataCenterHasItsRules() async throws {
        let fake = FakeBitbucket(.dataCenter)
        try await fake.serving { url in
            let caller = Caller(url: url, path: Self.dataCenter)
            try await caller.expect(204)
            try await caller.expect(204) { $0.body["state"] = "CANCELLED" }
            try await caller.expect(400) { $0.body["state"] = "STOPPED" }
            try await caller.expect(204) { $0.body["key"] = String(repeating: "k", count: 41) }
            let pair = Data("robot@example.com:token-one".utf8).base64EncodedString()
            try await caller.expect(401) { $0.authorization = "Basic \(pair)" }
            try await caller.expect(404) { $0.path = Self.cloud }
        }
    }

    @Test func silenceEndsWithTheMood() async throws {
        let fake = FakeBitbucket(.cloud)
        fake.feel(.silent)
        try await fake.serving { url in
            async let answer = Self.post(url, Ask(path: Self.cloud, body: Self.good))
            try await eventually("it arrives") { fake.calls == 1 }
            #expect(fake.history.isEmpty)
            fake.feel(.well)
            let (status, _) = try await answer
            #expect(status == 201)
        }
    }
}
