import Hummingbird
import HummingbirdCore
import Logging
import MeshModel
import NIOCore

/// A question that was found to be in order, and who asks it.
struct ControlQuestion: Sendable {
    let route: ControlRoute
    let arguments: ControlArguments
    /// Of probes, nobody need ask.
    let caller: ControlCaller?
    let type: MediaType
}

/// What is sent back where nothing is refused.
struct ControlAnswer: Sendable {
    let status: Int
    let type: MediaType
    let body: ResponseBody
}

/// Answers questions from what the sources say.
struct ControlActions: Sendable {
    let sources: any ControlSources
    let streams: EventStreams
    /// Readings of the whole ledger.
    let readings = Allowance(1)
    let tally: RequestTally
    let document: SpecValue
    let now: @Sendable () -> Int64
    let logger: Logger

    func answer(_ question: ControlQuestion) async throws(ControlProblem) -> ControlAnswer {
        do {
            return try await ask(question)
        } catch let problem as ControlProblem {
            throw problem
        } catch {
            logger.error("Answer \(question.route.path): \(error)")
            throw .unavailable
        }
    }

    private func ask(_ question: ControlQuestion) async throws -> ControlAnswer {
        switch question.route.operation {
        case .livez, .readyz, .startupz: return await probe(question)
        case .metrics:
            let families = try await sources.metrics() + [tally.metrics]
            return text(families.map(\.text).joined(), question)
        case .openAPI: return json(document, question)
        case .targets:
            return json(["targets": .list(try await sources.targets().map(\.json))], question)
        case .target: return json(try await target(question).json, question)
        case .resources:
            let name = try await target(question).target
            return json(try await sources.resources(of: name), question)
        case .drift: return try await drift(question)
        case .rollouts:
            return json(["rollouts": .list(try await sources.rollouts().map(\.json))], question)
        case .rollout: return json(try await rollout(question).json, question)
        case .plans: return json(["plans": .list(try await sources.plans())], question)
        case .plan: return json(try await plan(question).json, question)
        case .audit: return json(try await sources.audit(records(question)), question)
        case .auditHead: return json(try await sources.auditHead(), question)
        case .auditBundle: return try await bundle(question)
        case .auditRecord: return json(try await record(question), question)
        case .verifyAudit: return try await verification(question)
        case .deliveries:
            return json(["deliveries": try await sources.deliveries()], question)
        case .events: return try await events(question)
        case .scan: return try await scan(question)
        case .approvePlan, .rejectPlan, .applyPlan:
            return try await perform(question, on: try await plan(question).target)
        case .pauseRollout, .resumeRollout, .promoteRollout, .abortRollout:
            return try await perform(question, on: try await rollout(question).target)
        case .reconcile, .hold, .release, .adopt, .recreate, .suspend, .resume, .rollback,
            .makePlan:
            return try await perform(question, on: try await target(question).target)
        }
    }
}

// What there is to read.
extension ControlActions {
    /// One word; whoever shows a token may know why.
    private func probe(_ question: ControlQuestion) async -> ControlAnswer {
        let health = await sources.health
        let isFine =
            switch question.route.operation {
            case .livez: health.isLive
            case .startupz: health.isStarted
            default: health.isReady
            }
        let reasons = isFine || question.caller == nil ? [] : health.reasons
        let lines = [isFine ? "ok" : "unavailable"] + reasons.map { "- \($0)" }
        let text = lines.joined(separator: "\n") + "\n"
        let body = ResponseBody(byteBuffer: ByteBuffer(string: text))
        return ControlAnswer(status: isFine ? 200 : 503, type: .text, body: body)
    }

    private func target(_ question: ControlQuestion) async throws -> TargetAnswer {
        let name = question.arguments[.target]
        guard let target = try await sources.targets().first(where: { $0.target == name }) else {
            throw ControlProblem.noTarget
        }
        return target
    }

    private func rollout(_ question: ControlQuestion) async throws -> TargetAnswer {
        let name = try await target(question).target
        guard let rollout = try await sources.rollouts().first(where: { $0.target == name }) else {
            throw ControlProblem.noRollout
        }
        return rollout
    }

    private func plan(_ question: ControlQuestion) async throws -> TargetAnswer {
        guard let id = question.arguments[.id], let plan = try await sources.plan(id) else {
            throw ControlProblem.noPlan
        }
        return plan
    }

    private func drift(_ question: ControlQuestion) async throws -> ControlAnswer {
        let name = try await target(question).target
        let wanted = DriftQuestion(
            classes: question.arguments.words(.driftClass),
            since: question.arguments.time(.since),
            failOn: question.arguments.words(.failOn)
        )
        guard let drift = try await sources.drift(of: name, wanted) else {
            throw ControlProblem.notLooked
        }
        let format = DriftFormat.allCases.first { $0.type == question.type } ?? .json
        return text(drift.rendered(format, target: name), question)
    }

    private func records(_ question: ControlQuestion) -> AuditQuestion {
        AuditQuestion(
            after: question.arguments.integer(.after) ?? 0,
            limit: question.arguments.integer(.limit).flatMap { Int(exactly: $0) } ?? 100,
            commit: question.arguments[.commit],
            resource: question.arguments[.resource].map { Glob($0) }
        )
    }

    private func record(_ question: ControlQuestion) async throws -> SpecValue {
        guard let seq = question.arguments.integer(.seq),
            let record = try await sources.auditRecord(seq)
        else { throw ControlProblem.noRecord }
        return record
    }

    private func verification(_ question: ControlQuestion) async throws -> ControlAnswer {
        guard let lease = readings.lease() else { throw ControlProblem.tooManyReadings }
        let verification = try await sources.verifyAudit()
        return withExtendedLifetime(lease) { json(verification, question) }
    }

    private func bundle(_ question: ControlQuestion) async throws -> ControlAnswer {
        guard let lease = readings.lease() else { throw ControlProblem.tooManyReadings }
        let parts = try await sources.auditBundle()
        let buffers = parts.map { part in
            withExtendedLifetime(lease) { ByteBuffer(bytes: part) }
        }
        return answer(ResponseBody(asyncSequence: buffers), question)
    }

    private func events(_ question: ControlQuestion) async throws -> ControlAnswer {
        let after =
            question.arguments.integer(.lastEventID) ?? question.arguments.integer(.after)
        let stream = try await streams.open(after: after, sources)
        return answer(ResponseBody(asyncSequence: stream), question)
    }
}

// What there is to do.
extension ControlActions {
    /// One target, or all; one that cannot be scanned keeps nobody else from it.
    private func scan(_ question: ControlQuestion) async throws -> ControlAnswer {
        let names =
            question.arguments[.target] == nil
            ? try await sources.targets().map(\.target) : [try await target(question).target]
        var scans: [SpecValue] = []
        for name in names {
            switch try await carryOut(.scan, on: name, question) {
            case .accepted(let result): scans.append(accepted(.scan, name, result))
            case .unavailable(let reason) where names.count == 1:
                throw ControlProblem.unavailable(reason)
            case .refused(let reason), .unavailable(let reason):
                guard names.count > 1 else { throw ControlProblem(409, reason) }
                scans.append(
                    [
                        "target": .string(name), "command": "scan", "accepted": false,
                        "reason": .string(reason),
                    ]
                )
            case .unknown: throw ControlProblem.noTarget
            }
        }
        return json(["scans": .list(scans)], question)
    }

    private func perform(
        _ question: ControlQuestion,
        on target: String
    ) async throws -> ControlAnswer {
        let command = try command(question)
        switch (try await carryOut(command, on: target, question), command) {
        case (.accepted(let plan), .plan): return json(plan, question)
        case (.accepted(let result), _): return json(accepted(command, target, result), question)
        case (.refused(let reason), _): throw ControlProblem(409, reason)
        case (.unavailable(let reason), _): throw ControlProblem.unavailable(reason)
        case (.unknown, .plan), (.unknown, .rollback): throw ControlProblem.noRevision
        case (.unknown, .approve), (.unknown, .reject), (.unknown, .apply):
            throw ControlProblem.noPlan
        case (.unknown, .pauseRollout), (.unknown, .resumeRollout), (.unknown, .promoteRollout),
            (.unknown, .abortRollout):
            throw ControlProblem.noRollout
        case (.unknown, _): throw ControlProblem.noTarget
        }
    }

    /// Nothing is done that is not in the ledger.
    private func carryOut(
        _ command: ControlCommand,
        on target: String,
        _ question: ControlQuestion
    ) async throws -> ControlOutcome {
        guard let caller = question.caller else { throw ControlProblem.noToken }
        let call = ControlCall(caller: caller, target: target, command: command)
        try await sources.record(call)
        return try await sources.perform(call)
    }

    private func command(_ question: ControlQuestion) throws -> ControlCommand {
        let arguments = question.arguments
        // Required members are there, so that these defaults are never taken.
        let reason = arguments[.reason] ?? ""
        let plan = arguments[.id] ?? ""
        switch question.route.operation {
        case .hold: return .hold(reason: reason, until: try end(question))
        case .release:
            return .release(
                arguments[.resource].map { Glob($0) },
                acceptsRewind: arguments.flag(.acceptRewind)
            )
        case .adopt:
            return .adopt(
                arguments[.resource].map { Glob($0) },
                fromTags: arguments.flag(.fromTags)
            )
        case .recreate: return .recreate
        case .suspend: return try suspension(question)
        case .resume: return .resume
        case .rollback:
            return .rollback(
                to: arguments[.to] ?? "",
                reason: reason,
                until: try end(question)
            )
        case .pauseRollout: return .pauseRollout
        case .resumeRollout: return .resumeRollout
        case .promoteRollout: return .promoteRollout
        case .abortRollout: return .abortRollout
        case .makePlan:
            return .plan(arguments[.commit].map { .commit($0) } ?? .ref(arguments[.ref] ?? ""))
        case .approvePlan: return .approve(plan: plan)
        case .rejectPlan: return .reject(plan: plan, reason: reason)
        case .applyPlan: return .apply(plan: plan)
        default: return .reconcile
        }
    }

    /// Nobody goes home and leaves a target that cannot even go back frozen for good.
    private func suspension(_ question: ControlQuestion) throws -> ControlCommand {
        let arguments = question.arguments
        let freezes = arguments.flag(.freeze)
        for name in [ControlParameter.Name.reason, .until] where freezes && arguments[name] == nil {
            let pointer = "#/" + name.rawValue
            throw ControlProblem(400, "with 'freeze' this member must be there", pointer: pointer)
        }
        return .suspend(
            freezes: freezes,
            reason: arguments[.reason] ?? "",
            until: arguments[.until] == nil ? nil : try end(question)
        )
    }

    /// When a hold or a suspension ends, which must be in the future.
    private func end(_ question: ControlQuestion) throws -> Int64 {
        guard let end = question.arguments.time(.until), end > now() else {
            throw ControlProblem(409, "'until' is over already; name a time to come")
        }
        return end
    }
}

// How answers look.
extension ControlActions {
    private func accepted(
        _ command: ControlCommand,
        _ target: String,
        _ result: SpecValue
    ) -> SpecValue {
        var members: [String: SpecValue] = [
            "target": .string(target), "command": .string(command.word), "accepted": true,
        ]
        if result != .empty { members["result"] = result }
        return .object(members)
    }

    private func json(_ value: SpecValue, _ question: ControlQuestion) -> ControlAnswer {
        text(value.json + "\n", question)
    }

    private func text(_ text: String, _ question: ControlQuestion) -> ControlAnswer {
        answer(ResponseBody(byteBuffer: ByteBuffer(string: text)), question)
    }

    private func answer(_ body: ResponseBody, _ question: ControlQuestion) -> ControlAnswer {
        ControlAnswer(status: question.route.status, type: question.type, body: body)
    }
}
