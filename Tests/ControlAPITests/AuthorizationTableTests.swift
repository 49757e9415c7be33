import MeshModel
import Testing

@testable import ControlAPI

/// Every route, asked by everybody: which status they get, and that the others learn nothing.
@Suite(.timeLimit(.minutes(5))) struct AuthorizationTableTests {
    /// The ways in which somebody shows up.
    private enum Caller: CaseIterable {
        case viewer
        case planner
        case `operator`
        case nobody
        case unknownToken
        case expiredToken
        case signedPlanner
        case signedOperator
        case signedForAnotherAudience
        case signedByAnotherIssuer
        case signedWithAnotherKey
        case signedAndExpired
        case signedWithoutClaims
        case signedWithEmptyClaims
        case signedWithOtherClaims

        /// What they may be taken for; nothing where they must not be let in.
        var role: ControlRole? {
            switch self {
            case .viewer: .viewer
            case .planner, .signedPlanner: .planner
            case .operator, .signedOperator: .operator
            default: nil
            }
        }

        func token(_ world: OIDCTestWorld, _ stranger: OIDCTestKey) throws -> String? {
            func signed(_ changes: [String: SpecValue]) throws -> String {
                try world.key.token(world.claims(changes))
            }
            switch self {
            case .viewer: return Controls.token(.viewer)
            case .planner: return Controls.token(.planner)
            case .operator: return Controls.token(.operator)
            case .nobody: return nil
            case .unknownToken: return "nobody-knows-this-token"
            case .expiredToken: return Controls.expired
            case .signedPlanner: return try signed([:])
            case .signedOperator: return try signed(["deploymentEnvironment": "production"])
            case .signedForAnotherAudience: return try signed(["aud": "https://example.com"])
            case .signedByAnotherIssuer: return try signed(["iss": "https://example.com"])
            case .signedWithAnotherKey:
                let header: [String: SpecValue] = ["kid": .string(world.key.id)]
                return try stranger.token(world.claims(), header: header)
            case .signedAndExpired: return try signed(["exp": 0])
            case .signedWithoutClaims: return try world.key.token(.empty)
            case .signedWithEmptyClaims: return try signed(["repositoryUuid": "", "sub": ""])
            case .signedWithOtherClaims: return try signed(["repositoryUuid": "{another}"])
            }
        }
    }

    /// Who may, and what they get: apart from the routes' own words, and whole, or it does not
    /// compile.
    private static func law(_ operation: ControlOperation) -> (least: ControlRole?, status: Int) {
        switch operation {
        case .livez, .readyz, .startupz: (nil, 200)
        case .metrics, .openAPI, .targets, .target, .resources, .drift, .rollouts, .rollout,
            .plans, .plan, .audit, .auditHead, .auditBundle, .auditRecord, .verifyAudit,
            .deliveries, .events:
            (.viewer, 200)
        case .makePlan: (.planner, 201)
        case .scan: (.planner, 202)
        case .reconcile, .hold, .release, .adopt, .recreate, .suspend, .resume, .rollback,
            .pauseRollout, .resumeRollout, .promoteRollout, .abortRollout, .approvePlan,
            .rejectPlan, .applyPlan:
            (.operator, 202)
        }
    }

    private static func status(_ operation: ControlOperation, for caller: Caller) -> Int {
        let law = law(operation)
        if caller == .nobody { return law.least == nil ? law.status : 401 }
        guard let role = caller.role else { return 401 }
        return law.least.map { role >= $0 } ?? true ? law.status : 403
    }

    private static let routes = ControlRoute.table(driftClasses: Controls.driftClasses)

    /// What must have happened for the operation to be possible.
    private static func condition(_ operation: ControlOperation) -> ControlOperation? {
        switch operation {
        case .release: .hold
        case .resume: .suspend
        case .resumeRollout: .pauseRollout
        case .applyPlan: .approvePlan
        default: nil
        }
    }

    @Test func everyRouteForEverybody() async throws {
        let stranger = try await OIDCTestKey.elliptic("stranger")
        try await OIDCTestWorld.with(key: try await OIDCTestKey.elliptic("one")) { world in
            for caller in Caller.allCases {
                let token = try caller.token(world, stranger)
                var refusals: Set<String> = []
                for route in Self.routes {
                    let answer = try await Self.ask(route, token, of: world, as: caller)
                    if answer.status == 401 { refusals.insert(answer.body) }
                }
                // The same words everywhere: nobody can tell one route from another by them.
                #expect(refusals.count == (caller.role == nil ? 1 : 0), "\(caller): \(refusals)")
            }
        }
    }

    /// Asks an agent that nobody asked before, and judges its answer and its ledger.
    private static func ask(
        _ route: ControlRoute,
        _ token: String?,
        of world: OIDCTestWorld,
        as caller: Caller
    ) async throws -> RawAnswer {
        var request = APIRequest(example: route)
        if let token { request.headers.append(("Authorization", "Bearer " + token)) }
        let wanted = status(route.operation, for: caller)
        let condition = routes.first { $0.operation == Self.condition(route.operation) }
        return try await Controls.running {
            $0.streamTime = .zero
            $0.authenticators.append(world.authenticator)
        } _: { [request] controls in
            if let condition {
                let first = APIRequest(example: condition, as: .operator)
                #expect(try await controls.send(first).status == condition.status)
            }
            let before = await controls.agent.recorded.count
            let answer = try await controls.send(request)
            let what = "\(route.method) \(route.path) as \(caller): \(answer.status) \(answer.body)"
            #expect(answer.status == wanted, "\(what)")
            if wanted >= 400 { #expect(answer.problemFault == nil, "\(what)") }
            let calls = await controls.agent.recorded.dropFirst(before).map(\.caller.role)
            let changes = law(route.operation).least.map { $0 > .viewer } ?? false
            let isDone = wanted < 300 && changes
            #expect(isDone ? Set(calls) == [caller.role] : calls.isEmpty, "\(what)")
            return answer
        }
    }

    /// With and without a reason to complain.
    @Test(arguments: [true, false]) func probesTellStrangersOneWord(isWell: Bool) async throws {
        try await Controls.running { controls in
            let health = ControlHealth(
                isLive: isWell,
                isStarted: isWell,
                isReady: isWell,
                reasons: isWell ? [] : ["prod: the mesh at mesh.internal does not answer"]
            )
            await controls.agent.become(health)
            for route in Self.routes where route.role == nil {
                let answer = try await controls.send(APIRequest(example: route))
                #expect(answer.status == (isWell ? 200 : 503))
                #expect(answer.body == (isWell ? "ok\n" : "unavailable\n"), "\(route.path)")
                let names = answer.head.lowercased().split(separator: "\r\n").dropFirst()
                    .map { $0.prefix { $0 != ":" } }.sorted()
                #expect(
                    names == [
                        "cache-control", "content-length", "content-type", "date",
                        "x-content-type-options",
                    ]
                )
            }
        }
    }
}
