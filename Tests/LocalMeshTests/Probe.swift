import AsyncHTTPClient
import Foundation
import LocalMesh
import MeshModel
import NIOCore
import NIOHTTP1

/// A client without opinions: it sends what it is told and answers what came back.
struct Probe: Sendable {
    static let authorization =
        "AWS4-HMAC-SHA256 Credential=AKID/20261121/eu-west-1/appmesh/aws4_request, "
        + "SignedHeaders=host;x-amz-date, Signature=00"

    let endpoint: String
    var headers = ["authorization": Probe.authorization]

    struct Reply: Sendable {
        let status: Int
        let errorType: String?
        let requestID: String?
        let text: String

        /// The body as a value; null where it is no JSON.
        var body: SpecValue { (try? SpecValue(json: Array(text.utf8))) ?? .null }

        var message: String { body["message"]?.text ?? "" }
        var spec: SpecValue { body["spec"] ?? .null }
        var version: Int64? { body["metadata"]?["version"]?.integer }
        var uid: String? { body["metadata"]?["uid"]?.text }
        var state: String? { body["status"]?["status"]?.text }
    }

    func send(_ method: String, _ path: String, _ body: String? = nil) async throws -> Reply {
        var request = HTTPClientRequest(url: endpoint + path)
        request.method = .RAW(value: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 1 << 22)
        return Reply(
            status: Int(response.status.code),
            errorType: response.headers.first(name: "x-amzn-ErrorType"),
            requestID: response.headers.first(name: "x-amzn-RequestId"),
            text: String(buffer: bytes)
        )
    }

    @discardableResult
    func put(_ path: String, _ body: SpecValue) async throws -> Reply {
        try await send("PUT", Operation.pathPrefix + path, body.json)
    }

    func get(_ path: String) async throws -> Reply {
        try await send("GET", Operation.pathPrefix + path)
    }

    @discardableResult
    func delete(_ path: String) async throws -> Reply {
        try await send("DELETE", Operation.pathPrefix + path)
    }
}

/// Starts an endpoint for the length of a closure.
func withMesh<Value: Sendable>(
    _ adjust: (inout MeshOptions) throws -> Void = { _ in },
    _ body: @escaping @Sendable (Probe) async throws -> Value
) async throws -> Value {
    var options = MeshOptions()
    try adjust(&options)
    return try await MeshServer(options).serving { try await body(Probe(endpoint: $0)) }
}

/// A clock that stands until a test moves it.
final class TestClock: Sendable {
    private let milliseconds = Locked(Int64(1_790_000_000_000))

    var now: Int64 { milliseconds.value }

    func advance(by duration: Duration) {
        milliseconds.update { $0 + duration.milliseconds }
    }
}

/// A value behind a lock.
final class Locked<Value: Sendable>: @unchecked Sendable {
    // Safe because every access holds the lock.
    private let lock = NSLock()
    private var stored: Value

    init(_ value: Value) { stored = value }

    var value: Value { lock.withLock { stored } }

    func update(_ change: (Value) -> Value) { lock.withLock { stored = change(stored) } }
}

/// A folder of its own for a test, gone after it.
func withFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}
