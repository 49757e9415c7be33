import Foundation
import MeshModel
import Scripted
import Synchronization

@testable import Cluster

/// An API server on loopback that keeps one Lease and whatever events come, by Kubernetes' rules,
/// and goes wrong when it is told to.
final class FakeAPIServer: Sendable {
    /// What becomes of a request; the rules hold for those that are carried out.
    enum Fault: Hashable, Sendable {
        /// Carried out, and the connection ends without a word.
        case loseAnswer
        /// Carried out, and nothing is said.
        case stallAfter
        /// Not carried out, and nothing is said.
        case stall
        /// Not carried out, and answered with this status.
        case status(Int)
        /// Carried out, and answered with this status.
        case statusAfter(Int)
        /// Not carried out, and answered 200 with something else.
        case nonsense
        /// Carried out, and answered with more bytes than anybody should read.
        case flood
    }

    private struct State {
        var lease: SimulatedServer
        var events: [String: SpecValue] = [:]
        var tokens: Set<String> = ["token-1"]
        var faults: [Fault] = []
    }

    static let leases = "/apis/coordination.k8s.io/v1/namespaces/mesh/leases"
    static let events = "/apis/events.k8s.io/v1/namespaces/mesh/events"

    private let state: Mutex<State>

    init(held: Bool = false) { state = Mutex(State(lease: SimulatedServer(held: held))) }

    var lease: LeaseObject? { state.withLock { $0.lease.object } }

    /// What was posted, by name.
    var events: [String: SpecValue] { state.withLock { $0.events } }

    var faultsLeft: Int { state.withLock { $0.faults.count } }

    func goWrong(_ faults: [Fault]) { state.withLock { $0.faults += faults } }

    func accept(_ tokens: Set<String>) { state.withLock { $0.tokens = tokens } }

    func removeLease() { state.withLock { $0.lease.disturb(deleting: true) } }

    /// Serves while the body runs.
    func serving<Value>(
        _ body: (_ url: String, _ server: ScriptedServer) async throws -> Value
    ) async throws -> Value {
        try await ScriptedServer.serving({ request, _ in self.answer(request) }, body)
    }

    private func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        state.withLock { state in
            guard !state.faults.isEmpty else { return Self.carryOut(request, &state) }
            switch state.faults.removeFirst() {
            case .loseAnswer:
                _ = Self.carryOut(request, &state)
                return .lost
            case .stallAfter:
                _ = Self.carryOut(request, &state)
                return .silence
            case .stall: return .silence
            case .status(let code): return Self.failure(code, "scripted")
            case .statusAfter(let code):
                _ = Self.carryOut(request, &state)
                return Self.failure(code, "scripted")
            case .nonsense: return .answer(200, #"{"kind":"Pod","apiVersion":"v1"}"#)
            case .flood:
                _ = Self.carryOut(request, &state)
                return .answer(200, String(repeating: " ", count: 2 << 20))
            }
        }
    }

    private static func carryOut(_ request: ScriptedRequest, _ state: inout State) -> ScriptedAnswer
    {
        let bearer = request.header("authorization") ?? ""
        guard bearer.hasPrefix("Bearer "), state.tokens.contains(String(bearer.dropFirst(7))) else {
            return failure(401, "Unauthorized")
        }
        switch (request.method, request.path) {
        case ("GET", "\(leases)/plumbline"): return said(state.lease.perform(.read), 200)
        case ("POST", leases), ("PUT", "\(leases)/plumbline"):
            return write(request, &state)
        case ("POST", events):
            return post(request, &state)
        default: return failure(404, "the server could not find the requested resource")
        }
    }

    private static func write(_ request: ScriptedRequest, _ state: inout State) -> ScriptedAnswer {
        let object = try? JSONDecoder().decode(LeaseObject.self, from: Data(request.body))
        guard let object, object.apiVersion == "coordination.k8s.io/v1", object.kind == "Lease",
            object.metadata.name == "plumbline", object.metadata.namespace == "mesh"
        else { return failure(400, "the object provided is unrecognized") }
        let hasVersion = object.metadata.resourceVersion != nil
        guard hasVersion == (request.method == "PUT") else {
            return hasVersion
                ? failure(400, "resourceVersion should not be set on objects to be created")
                : failure(422, "metadata.resourceVersion: must be specified for an update")
        }
        guard let spec = object.spec, spec.leaseDurationSeconds ?? 1 > 0,
            [spec.acquireTime, spec.renewTime].allSatisfy({ $0.map(isMicroTime) ?? true })
        else { return failure(422, "the Lease is invalid") }
        return said(state.lease.perform(.write(object)), request.method == "POST" ? 201 : 200)
    }

    /// Exactly six decimals, in UTC.
    private static func isMicroTime(_ text: String) -> Bool {
        let form = "0000-00-00T00:00:00.000000Z"
        return text.utf8.count == form.utf8.count
            && zip(text, form).allSatisfy { $1 == "0" ? $0.isNumber : $0 == $1 }
    }

    private static func said(_ answer: Election.Answer, _ status: Int) -> ScriptedAnswer {
        switch answer {
        case .found(let object):
            let body = try? JSONEncoder().encode(object)
            return .answer(status, String(decoding: body ?? Data(), as: UTF8.self))
        case .absent: return failure(404, "leases \"plumbline\" not found")
        case .conflict: return failure(409, "the object has been modified")
        case .refused(let words), .unknown(let words): return failure(500, words)
        }
    }

    private static func post(_ request: ScriptedRequest, _ state: inout State) -> ScriptedAnswer {
        guard let event = try? SpecValue(json: request.body),
            let name = event["metadata"]?["name"]?.text,
            (event["note"]?.text?.utf8.count ?? 0) <= 1024,
            let time = event["eventTime"]?.text, isMicroTime(time),
            ["reportingController", "reportingInstance", "action", "reason"]
                .allSatisfy({ (1...128).contains(event[$0]?.text?.utf8.count ?? 0) }),
            ["Normal", "Warning"].contains(event["type"]?.text ?? "")
        else { return failure(422, "the Event is invalid") }
        guard state.events[name] == nil else { return failure(409, "already exists") }
        state.events[name] = event
        return .answer(201, event.json)
    }

    private static func failure(_ status: Int, _ message: String) -> ScriptedAnswer {
        .answer(
            status,
            #"{"kind":"Status","status":"Failure","message":"\#(message)","code":\#(status)}"#
                .replacing("\"plumbline\"", with: "'plumbline'")
        )
    }
}

/// A pod's own folder with its token, and an API client over plain HTTP.
struct Pod: Sendable {
    let folder: URL
    let server: APIServer

    static func with<Value>(
        _ url: String,
        token: String = "token-1",
        _ body: (Pod) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "plumbline-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let account = ServiceAccount(
            server: url,
            namespace: "mesh",
            tokenFile: folder.appending(path: "token").path
        )
        let pod = Pod(folder: folder, server: APIServer(account))
        try pod.write(token: token)
        do {
            let value = try await body(pod)
            try await pod.server.shutdown()
            return value
        } catch {
            try await pod.server.shutdown()
            throw error
        }
    }

    func write(token: String) throws {
        try Data("\(token)\n".utf8).write(to: folder.appending(path: "token"), options: .atomic)
    }
}
