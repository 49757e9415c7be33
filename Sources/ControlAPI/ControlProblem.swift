import HTTPTypes
import MeshModel

/// Why a request is refused, as RFC 9457 has it: the detail says what to do about it.
///
/// What it means is all in the status, so `type` is `about:blank`. No detail repeats what the
/// request said, nor tells strangers more than that they are.
struct ControlProblem: Error, Hashable {
    let status: Int
    let detail: String
    /// Which member of the body is wrong, as a JSON pointer.
    var pointer: String?
    var headers: HTTPFields = [:]

    init(_ status: Int, _ detail: String, pointer: String? = nil) {
        self.status = status
        self.detail = detail
        self.pointer = pointer
    }

    var json: SpecValue {
        var members: [String: SpecValue] = [
            "type": "about:blank", "title": .string(title),
            "status": .integer(Int64(status)), "detail": .string(detail),
        ]
        if let pointer {
            members["errors"] = [["pointer": .string(pointer), "detail": .string(detail)]]
        }
        return .object(members)
    }

    /// The status in words, as RFC 9110 has them.
    private var title: String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 429: "Too Many Requests"
        default: "Service Unavailable"
        }
    }

    static let noToken: ControlProblem = {
        var problem = ControlProblem(401, "send a token as 'Authorization: Bearer TOKEN'")
        problem.headers[.wwwAuthenticate] = #"Bearer realm="plumbline""#
        return problem
    }()
    static let wrongToken = badToken("the token is not one that is known here")
    static let expiredToken = badToken("the token has expired; ask for a new one")

    private static func badToken(_ detail: String) -> ControlProblem {
        var problem = ControlProblem(401, detail)
        problem.headers[.wwwAuthenticate] = #"Bearer realm="plumbline", error="invalid_token""#
        return problem
    }

    static func forbidden(_ role: ControlRole) -> ControlProblem {
        ControlProblem(403, "this needs the role \(role.rawValue), which the token does not have")
    }

    static let noRoute = ControlProblem(404, "there is nothing here; GET /openapi.json lists all")
    static let noTarget = ControlProblem(404, "no target has this name; GET /v1/targets lists all")
    static let noPlan = ControlProblem(404, "no plan has this id; GET /v1/plans lists the last")
    static let noRecord = ControlProblem(404, "the ledger has no record with this number")
    static let noRollout = ControlProblem(404, "the target has had no rollout")
    static let noRevision = ControlProblem(404, "the repository has no such commit or ref")

    /// Of a part of a path.
    static func nothing(named name: ControlParameter.Name) -> ControlProblem {
        switch name {
        case .id: noPlan
        case .seq: noRecord
        default: noTarget
        }
    }

    static func wrongMethod(_ allowed: [String]) -> ControlProblem {
        let list = allowed.joined(separator: ", ")
        var problem = ControlProblem(405, "only \(list) is understood here")
        problem.headers[.allow] = list
        return problem
    }

    static func notAcceptable(_ types: [MediaType]) -> ControlProblem {
        let list = types.map(\.essence).joined(separator: ", ")
        return ControlProblem(406, "this comes as \(list), none of which the Accept header takes")
    }

    static func tooLarge(_ most: Int) -> ControlProblem {
        ControlProblem(413, "the body has more than \(most) bytes")
    }

    static let tooFast = later(429, "too many requests from this address; wait a moment", 1)
    static let tooManyBodies = later(503, "too many bodies are on their way; wait a moment", 1)
    static let tooManyStreams = later(503, "too many read events already; come back later", 30)
    static let tooManyReadings = later(503, "the ledger is being read as a whole already", 10)
    static let notLooked = later(503, "the target was not looked at yet; its status says why", 10)
    static let unavailable = unavailable(
        "the answer is not to be had now; the agent's log says why"
    )

    static func unavailable(_ reason: String) -> ControlProblem { later(503, reason, 10) }

    private static func later(_ status: Int, _ detail: String, _ seconds: Int) -> ControlProblem {
        var problem = ControlProblem(status, detail)
        problem.headers[.retryAfter] = String(seconds)
        return problem
    }
}
