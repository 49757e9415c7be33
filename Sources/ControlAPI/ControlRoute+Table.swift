/// The table itself.
extension ControlRoute {
    /// Every operation has its row: an operation without one does not compile.
    static func table(driftClasses: [String]) -> [ControlRoute] {
        ControlOperation.allCases.map { operation in
            switch operation {
            case .livez, .readyz, .startupz: probe(operation)
            case .metrics, .openAPI, .deliveries: document(operation)
            case .targets, .target, .resources: aboutTargets(operation)
            case .drift: drift(driftClasses)
            case .scan, .reconcile, .hold, .release, .adopt, .recreate, .suspend, .resume,
                .rollback:
                targetCommand(operation)
            case .rollouts, .rollout, .pauseRollout, .resumeRollout, .promoteRollout,
                .abortRollout:
                aboutRollouts(operation)
            case .plans, .plan, .makePlan, .approvePlan, .rejectPlan, .applyPlan:
                aboutPlans(operation)
            case .audit, .auditHead, .auditBundle, .auditRecord, .verifyAudit:
                aboutAudit(operation)
            case .events: events
            }
        }
    }

    /// Something to read.
    private static func reading(
        _ operation: ControlOperation,
        _ path: String,
        _ summary: String
    ) -> ControlRoute {
        ControlRoute(
            operation: operation,
            method: .get,
            path: path,
            role: .viewer,
            summary: summary
        )
    }

    /// Something to do, which may be impossible as things stand.
    private static func command(
        _ operation: ControlOperation,
        _ path: String,
        _ summary: String,
        _ parameters: [ControlParameter] = []
    ) -> ControlRoute {
        ControlRoute(
            operation: operation,
            method: .post,
            path: path,
            role: .operator,
            summary: summary,
            parameters: parameters,
            status: 202,
            schema: AnswerSchema.accepted,
            mayConflict: true
        )
    }

    private static func probe(_ operation: ControlOperation) -> ControlRoute {
        ControlRoute(
            operation: operation,
            method: .get,
            path: "/" + operation.rawValue,
            role: nil,
            summary: "200 or 503, for the kubelet; with a token, why.",
            types: [.text]
        )
    }

    private static func document(_ operation: ControlOperation) -> ControlRoute {
        switch operation {
        case .metrics:
            var route = reading(operation, "/metrics", "Counts and states, for Prometheus.")
            route.types = [.metrics]
            return route
        case .deliveries:
            let summary = "The last webhook deliveries and what was decided, newest first."
            var route = reading(operation, "/v1/deliveries", summary)
            route.schema = AnswerSchema.list("deliveries", of: AnswerSchema.delivery)
            return route
        default: return reading(operation, "/openapi.json", "This document.")
        }
    }

    private static let events: ControlRoute = {
        let summary =
            "What happens, as server-sent events; a stream ends after a while, to be resumed."
        var route = reading(.events, "/v1/events", summary)
        route.parameters = [.after, .lastEventID]
        route.types = [.events]
        return route
    }()
}

// Targets.
extension ControlRoute {
    private static func aboutTargets(_ operation: ControlOperation) -> ControlRoute {
        switch operation {
        case .target:
            var route = reading(operation, "/v1/targets/{target}", "One target.")
            route.parameters = [.target]
            route.schema = AnswerSchema.target
            return route
        case .resources:
            let summary = "What was written to the target's mesh last, and read back."
            var route = reading(operation, "/v1/targets/{target}/resources", summary)
            route.parameters = [.target]
            route.schema = AnswerSchema.holdings
            return route
        default:
            let summary = "Every target with its sync, health and rollout."
            var route = reading(operation, "/v1/targets", summary)
            route.schema = AnswerSchema.list("targets", of: AnswerSchema.target)
            return route
        }
    }

    private static func drift(_ classes: [String]) -> ControlRoute {
        let path = "/v1/targets/{target}/drift"
        var route = reading(.drift, path, "How the target's mesh differs from what was applied.")
        route.parameters = [.target, .format, .since]
        // Without words there is nothing to choose from.
        if !classes.isEmpty { route.parameters += [.driftClass(classes), .failOn(classes)] }
        route.types = DriftFormat.allCases.map(\.type)
        route.schema = AnswerSchema.drift
        return route
    }

    private static func targetCommand(_ operation: ControlOperation) -> ControlRoute {
        func onTarget(
            _ summary: String,
            _ parameters: [ControlParameter] = []
        ) -> ControlRoute {
            let path = "/v1/targets/{target}:\(operation.rawValue)"
            return command(operation, path, summary, [.target] + parameters)
        }
        switch operation {
        case .scan:
            var route = command(
                operation,
                "/v1/drift:scan",
                "Reads the mesh of one target, or of all, to find drift now.",
                [.bodyTarget()]
            )
            route.role = .planner
            route.schema = AnswerSchema.list("scans", of: AnswerSchema.accepted)
            return route
        case .hold:
            return onTarget(
                "Starts nothing for the target until released, or until then.",
                [.reason, .until]
            )
        case .release:
            return onTarget(
                "Ends the hold of the target, or, for good, of what failed of the resources that "
                    + "fit.",
                [.heldResource, .acceptRewind]
            )
        case .adopt:
            return onTarget(
                "Takes over live resources that the ledger does not know, at the next look; a "
                    + "restart before forgets it.",
                [.adoptedResource, .fromTags]
            )
        case .recreate:
            return onTarget(
                "Creates again at the next look what is missing, however much it is; a restart "
                    + "before forgets it."
            )
        case .suspend:
            return onTarget(
                "Stays at the present step while gates go on measuring; with freeze, which needs a "
                    + "reason and an end, nothing is written at all.",
                [.freeze, .reason.optional, .until.optional]
            )
        case .resume: return onTarget("Ends a suspension.")
        case .rollback:
            return onTarget(
                "Goes back to what a commit declared, and holds the target there.",
                [.to, .reason, .until]
            )
        default: return onTarget("Looks at Git and the mesh now; what it does is in the ledger.")
        }
    }
}

// Rollouts and plans.
extension ControlRoute {
    private static func aboutRollouts(_ operation: ControlOperation) -> ControlRoute {
        func onRollout(_ verb: String, _ summary: String) -> ControlRoute {
            command(operation, "/v1/rollouts/{target}:\(verb)", summary, [.target])
        }
        switch operation {
        case .pauseRollout: return onRollout("pause", "Stays at the present step.")
        case .resumeRollout: return onRollout("resume", "Goes on from the present step.")
        case .promoteRollout:
            return onRollout("promote", "Ends the soak of the present step, and a pause.")
        case .abortRollout:
            return onRollout("abort", "Returns to the baseline and holds what was rolled out.")
        case .rollout:
            let summary = "A target's rollout with its samples and the weights as read back."
            var route = reading(operation, "/v1/rollouts/{target}", summary)
            route.parameters = [.target]
            route.schema = AnswerSchema.rollout
            return route
        default:
            var route = reading(operation, "/v1/rollouts", "The last rollout of each target.")
            route.schema = AnswerSchema.list("rollouts", of: AnswerSchema.rollout)
            return route
        }
    }

    private static func aboutPlans(_ operation: ControlOperation) -> ControlRoute {
        func onPlan(
            _ verb: String,
            _ summary: String,
            _ parameters: [ControlParameter] = []
        ) -> ControlRoute {
            command(operation, "/v1/plans/{id}:\(verb)", summary, [.id] + parameters)
        }
        switch operation {
        case .approvePlan:
            return onPlan(
                "approve",
                "Approves what the plan does, once and for a day, if the target waits for it now."
            )
        case .rejectPlan:
            return onPlan(
                "reject",
                "Says no to what the plan does, where the target waits for approvals.",
                [.reason]
            )
        case .applyPlan:
            return onPlan("apply", "Carries out exactly this plan now; 409 says which input moved.")
        case .makePlan:
            var route = command(
                operation,
                "/v1/plans",
                "Plans a commit or ref for a target; exactly one of the two.",
                [.bodyTarget(isRequired: true), .plannedCommit, .plannedRef]
            )
            route.role = .planner
            route.choice = [.commit, .ref]
            route.status = 201
            route.schema = AnswerSchema.plan
            return route
        case .plan:
            var route = reading(operation, "/v1/plans/{id}", "One plan with its changes.")
            route.parameters = [.id]
            route.schema = AnswerSchema.plan
            return route
        default:
            var route = reading(operation, "/v1/plans", "Plans that were made, newest first.")
            route.schema = AnswerSchema.list("plans", of: AnswerSchema.plan)
            return route
        }
    }
}

// The ledger.
extension ControlRoute {
    private static func aboutAudit(_ operation: ControlOperation) -> ControlRoute {
        switch operation {
        case .auditHead:
            return reading(operation, "/v1/audit/head", "The signed end of the audit ledger.")
        case .auditBundle:
            let summary = "The whole ledger, which 'audit verify --bundle' examines offline."
            var route = reading(operation, "/v1/audit/export", summary)
            route.types = [.lines]
            return route
        case .auditRecord:
            let summary = "One record with the bodies before and after."
            var route = reading(operation, "/v1/audit/{seq}", summary)
            route.parameters = [.seq]
            route.schema = AnswerSchema.detail
            return route
        case .verifyAudit:
            return ControlRoute(
                operation: operation,
                method: .post,
                path: "/v1/audit:verify",
                role: .viewer,
                summary: "Examines the whole ledger; one examination at a time."
            )
        default:
            var route = reading(
                operation,
                "/v1/audit",
                "Records of the audit ledger, oldest first."
            )
            route.parameters = [.after, .limit, .auditCommit, .auditResource]
            route.schema = AnswerSchema.list("records", of: AnswerSchema.record)
            return route
        }
    }
}
