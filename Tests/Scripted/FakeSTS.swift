package import AWSClient
package import FoundationEssentials
import Synchronization

/// The Security Token Service with its rules for taking on roles, for a `ScriptedServer`.
///
/// It knows which token or which caller each role trusts, checks signatures, and signs nothing in
/// that it has not given out or been told of. Keys are `ASIA`, the role's name and a number.
package final class FakeSTS: Sendable {
    /// Whom the trust policy of a role names.
    package enum Trust: Sendable {
        case webIdentity(token: String)
        /// Anybody whose access key begins so.
        case callers(prefix: String)
    }

    private struct State {
        var roles: [String: Trust] = [:]
        var expiredTokens: Set<String> = []
        var callers: [String: Credentials] = [:]
        var given: [Credentials] = []
        var faults: [ScriptedAnswer] = []
    }

    /// An error in the words of the service.
    private struct Refusal: Error {
        let status: Int
        let code: String
        let message: String

        init(_ status: Int, _ code: String, _ message: String) {
            self.status = status
            self.code = code
            self.message = message
        }

        static func invalid(_ what: String) -> Refusal {
            Refusal(400, "ValidationError", "1 validation error detected: \(what)")
        }
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Date

    package init(now: @escaping @Sendable () -> Date = { Date() }) { self.now = now }

    /// What was given out, in the order in which it was.
    package var given: [Credentials] { state.withLock { $0.given } }

    package func add(_ role: String, trusting trust: Trust) {
        state.withLock { $0.roles[role] = trust }
    }

    /// Credentials of somebody who may call.
    package func add(_ caller: Credentials) {
        state.withLock { $0.callers[caller.accessKeyID] = caller }
    }

    package func expire(token: String) {
        state.withLock { _ = $0.expiredTokens.insert(token) }
    }

    /// The answers of the next calls, whatever they ask.
    package func fail(_ answers: ScriptedAnswer...) {
        state.withLock { $0.faults += answers }
    }

    package static func error(_ status: Int, _ code: String, _ message: String) -> ScriptedAnswer {
        let body = """
            <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>
            <Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>
            <RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ErrorResponse>
            """
        return .answer(status, type: "text/xml", body)
    }

    package func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        let fault = state.withLock { $0.faults.isEmpty ? nil : $0.faults.removeFirst() }
        if let fault { return fault }
        do throws(Refusal) { return try decide(request) } catch {
            return Self.error(error.status, error.code, error.message)
        }
    }

    private func decide(_ request: ScriptedRequest) throws(Refusal) -> ScriptedAnswer {
        let type = request.header("content-type") ?? ""
        guard request.method == "POST", request.target == "/",
            type.hasPrefix("application/x-www-form-urlencoded")
        else { throw Refusal(404, "InvalidAction", "no form was posted to /") }
        let form = Self.form(request.body)
        let action = form["Action"] ?? ""
        guard form["Version"] == "2011-06-15",
            ["AssumeRole", "AssumeRoleWithWebIdentity"].contains(action)
        else {
            let version = form["Version"] ?? ""
            throw Refusal(
                400,
                "InvalidAction",
                "Could not find operation \(action) for version \(version)"
            )
        }
        let role = form["RoleArn"] ?? ""
        let session = form["RoleSessionName"] ?? ""
        guard (20...2048).contains(role.utf8.count) else { throw .invalid("roleArn") }
        guard session.wholeMatch(of: /[A-Za-z0-9_+=,.@\-]{2,64}/) != nil else {
            throw .invalid("roleSessionName")
        }
        let seconds = Int(form["DurationSeconds"] ?? "3600") ?? 0
        guard (900...43200).contains(seconds) else { throw .invalid("durationSeconds") }
        let trust = state.withLock { $0.roles[role] }
        if action == "AssumeRole" {
            try checkCaller(request, role: role, trust: trust, seconds: seconds)
        } else {
            try checkToken(form["WebIdentityToken"] ?? "", role: role, trust: trust)
        }
        return give(action, role: role, session: session, seconds: seconds)
    }

    private func checkToken(_ token: String, role: String, trust: Trust?) throws(Refusal) {
        guard (4...20000).contains(token.utf8.count) else { throw .invalid("webIdentityToken") }
        guard !state.withLock({ $0.expiredTokens.contains(token) }) else {
            throw Refusal(400, "ExpiredTokenException", "Token expired: 1 must be after 2")
        }
        guard case .webIdentity(token) = trust else {
            throw Refusal(
                403,
                "AccessDenied",
                "Not authorized to perform sts:AssumeRoleWithWebIdentity"
            )
        }
    }

    private func checkCaller(
        _ request: ScriptedRequest,
        role: String,
        trust: Trust?,
        seconds: Int
    ) throws(Refusal) {
        let message = SignedMessage(
            method: request.method,
            path: request.path,
            query: request.query,
            headers: request.headers,
            bodyHash: SigV4.hash(request.body)
        )
        let callers = state.withLock { $0.callers }
        let key: String
        do throws(SignatureRefusal) {
            key = try SigV4.verify(message, service: "sts", at: now()) { callers[$0] }.accessKeyID
        } catch {
            let codes: [SignatureRefusal.Code: String] = [
                .missing: "MissingAuthenticationToken", .incomplete: "IncompleteSignature",
                .unknownKey: "InvalidClientTokenId", .invalid: "SignatureDoesNotMatch",
            ]
            throw Refusal(error.statusCode, codes[error.code] ?? "", error.message)
        }
        if let expires = callers[key]?.expires, expires <= now() {
            throw Refusal(403, "ExpiredToken", "The security token is expired")
        }
        guard case .callers(let prefix) = trust, key.hasPrefix(prefix) else {
            throw Refusal(
                403,
                "AccessDenied",
                "User: \(key) is not authorized to perform: sts:AssumeRole on resource: \(role)"
            )
        }
        guard seconds <= 3600 || callers[key]?.sessionToken == nil else {
            throw .invalid("durationSeconds exceeds the 1 hour session limit of role chaining")
        }
    }

    private func give(
        _ action: String,
        role: String,
        session: String,
        seconds: Int
    ) -> ScriptedAnswer {
        let name = String(role.split(separator: "/").last ?? "")
        let credentials = state.withLock { state in
            let prefix = "ASIA" + name.uppercased()
            let number = state.given.count { $0.accessKeyID.hasPrefix(prefix) } + 1
            let credentials = Self.session(of: name, number: number, until: now() + Double(seconds))
            state.given.append(credentials)
            state.callers[credentials.accessKeyID] = credentials
            return credentials
        }
        let account = role.split(separator: ":", omittingEmptySubsequences: false).dropFirst(4)
        let body = """
            <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
             <\(action)Result>
              <Credentials>
               <SessionToken>\(credentials.sessionToken?.value ?? "")</SessionToken>
               <SecretAccessKey>\(credentials.secretAccessKey.value)</SecretAccessKey>
               <Expiration>\((now() + Double(seconds)).formatted(.iso8601))</Expiration>
               <AccessKeyId>\(credentials.accessKeyID)</AccessKeyId>
              </Credentials>
              <AssumedRoleUser>
               <Arn>arn:aws:sts::\(account.first ?? ""):assumed-role/\(name)/\(session)</Arn>
               <AssumedRoleId>AROA\(name.uppercased()):\(session)</AssumedRoleId>
              </AssumedRoleUser>
             </\(action)Result>
             <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
            </\(action)Response>
            """
        return .answer(200, type: "text/xml", body)
    }

    /// The credentials that the service gives for a role, as many times as it was taken on.
    package static func session(
        of role: String,
        number: Int,
        until expires: Date? = nil
    ) -> Credentials {
        Credentials(
            accessKeyID: "ASIA\(role.uppercased())\(number)",
            secretAccessKey: Secret("secret/of+\(role)\(number)"),
            sessionToken: Secret("token/of+\(role)\(number)=="),
            expires: expires
        )
    }

    private static func form(_ body: [UInt8]) -> [String: String] {
        let pairs = String(decoding: body, as: UTF8.self).split(separator: "&")
            .map { pair -> (String, String) in
                let words = pair.split(separator: "=", maxSplits: 1)
                    .map { word in
                        let bytes = URIEncoding.decode(word.replacing("+", with: " "))
                        return String(decoding: bytes, as: UTF8.self)
                    }
                return (words.first ?? "", words.dropFirst().first ?? "")
            }
        return Dictionary(pairs) { first, _ in first }
    }
}
