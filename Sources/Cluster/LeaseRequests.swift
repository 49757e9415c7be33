import FoundationEssentials
import MeshModel
import NIOHTTP1

/// How an election's requests go over the wire, and what the answers mean.
extension APIServer {
    func answer(
        _ request: Election.Request,
        lease name: String,
        within time: Duration
    ) async -> Election.Answer {
        do {
            let call = try call(for: request, lease: name)
            return Self.reading(try await send(call, within: time), of: call, after: request)
        } catch { return .unknown("\(error)") }
    }

    private func call(for request: Election.Request, lease name: String) throws -> Call {
        let all = "/apis/coordination.k8s.io/v1/namespaces/\(account.namespace)/leases"
        guard case .write(let object) = request else {
            return Call(method: .GET, path: "\(all)/\(name)")
        }
        let body = Array(try JSONEncoder().encode(object))
        return object.metadata.resourceVersion == nil
            ? Call(method: .POST, path: all, body: body)
            : Call(method: .PUT, path: "\(all)/\(name)", body: body)
    }

    /// A gateway in between says 502 or 504 and nobody knows what the server did; a 4xx is a no.
    private static func reading(
        _ answer: Answer,
        of call: Call,
        after request: Election.Request
    ) -> Election.Answer {
        switch answer.status {
        case 200...299:
            guard let object = try? JSONDecoder().decode(LeaseObject.self, from: Data(answer.body)),
                object.metadata.resourceVersion != nil
            else { return .unknown("\(call.name): the answer is no Lease") }
            return .found(object)
        case 404: return request == .read ? .absent : .refused("\(call.name): \(answer.words)")
        case 409: return .conflict
        case 408: return .unknown("\(call.name): \(answer.words)")
        case 400...499: return .refused("\(call.name): \(answer.words)")
        default: return .unknown("\(call.name): \(answer.words)")
        }
    }
}
