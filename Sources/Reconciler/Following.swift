import MeshModel
import Planning
import Rollout

/// How a rollout that is on its way learns of newer commits, and of what people want of it.
extension Reconciliation {
    /// Newer commits, a person's orders and a wish to stop, as the machine's events.
    ///
    /// What the rollout has heard of a suspension is not told again.
    func outsideEvents(
        of mesh: String,
        carrying revision: Revision,
        followsBranch: Bool,
        heard suspension: Suspension,
        _ stops: AsyncStream<Void>
    ) -> AsyncStream<Event> {
        AsyncStream { continuation in
            let (looks, looker) = AsyncStream<Void>
                .makeStream(
                    bufferingPolicy: .bufferingNewest(1)
                )
            let (desk, nudged) = (orders.stream(), nudges.stream(coalescing: true))
            let sightings = sightings.stream()
            let watch = RolloutWatch(
                mesh: mesh,
                followsBranch: followsBranch,
                revision: revision,
                suspension: suspension
            )
            let watching = Task { [watch] in
                var watch = watch
                for event in await self.standing(&watch) { continuation.yield(event) }
                for await _ in looks {
                    for event in await self.standing(&watch) { continuation.yield(event) }
                    if let event = await self.withdrawal(&watch) { continuation.yield(event) }
                    if let event = await self.news(&watch) { continuation.yield(event) }
                }
            }
            let tasks = [
                watching,
                Task { for await _ in nudged { looker.yield() } },
                Task {
                    while (try? await Task.sleep(for: settings.watchInterval)) != nil {
                        looker.yield()
                    }
                },
                Task { for await _ in stops { continuation.yield(.stopRequested) } },
                Task { for await order in desk { continuation.yield(.ordered(order)) } },
                Task { for await live in sightings { continuation.yield(.seen(live)) } },
            ]
            continuation.onTermination = { _ in for task in tasks { task.cancel() } }
        }
    }

    /// How far the target is suspended, and that a person wants another commit back, where that is
    /// not what was heard.
    private func standing(_ watch: inout RolloutWatch) async -> [Event] {
        guard let standing = try? await standingOrders(of: watch.mesh) else { return [] }
        var events: [Event] = []
        if standing.suspension != watch.suspension {
            watch.suspension = standing.suspension
            events.append(.suspended(standing.suspension))
        }
        if let abortion = standing.abortion(of: watch.revision), abortion != watch.abortion {
            watch.abortion = abortion
            events.append(.ordered(abortion))
        }
        return events
    }

    /// Whether the target that this one follows has rolled the revision back, once.
    private func withdrawal(_ watch: inout RolloutWatch) async -> Event? {
        guard watch.followsBranch, watch.withdrawn != watch.revision.commit,
            let reason = try? await source.withdrawal(of: watch.revision)
        else { return nil }
        watch.withdrawn = watch.revision.commit
        return .withdrawn(reason)
    }

    /// The newest commit, if it is news; nothing while a person lets nothing begin.
    private func news(_ watch: inout RolloutWatch) async -> Event? {
        guard watch.followsBranch,
            let newest = await news(since: watch.revision, to: watch.mesh)
        else { return nil }
        watch.revision = newest
        return .revisionArrived(newest)
    }

    /// The newest commit, if its files are others; nothing where the repository does not answer,
    /// or while a person lets nothing begin.
    ///
    /// Whether it may be followed at all is the plan's question: a rewound branch is refused there.
    func news(since revision: Revision, to mesh: String) async -> Revision? {
        guard let orders = try? await standingOrders(of: mesh), orders.blocking == nil,
            let newest = try? await source.newest(), newest.tree != revision.tree
        else { return nil }
        return newest
    }

    /// The rollout that is under way, as it is on disk; nothing where there is none.
    func rolloutUnderWay() async throws -> RolloutMachine? {
        guard let checkpoint = try await pending() else { return nil }
        return RolloutMachine(
            plan: try await plan(of: checkpoint),
            progress: checkpoint.progress
        )
    }

    /// Plans the newest commit with what a person asked for, apart from what was meant for the
    /// state in which they asked.
    func planning(
        _ options: PlanOptions,
        _ takeover: Takeover,
        noticing: @escaping @Sendable (Survey) async -> Void
    ) -> SuccessorPlanning {
        var options = options
        options.release = .none
        options.recreate = false
        options.acceptsRewind = false
        return SuccessorPlanning(
            survey: { [options] present in
                let newer = try await survey(options)
                if !newer.plan.isRest(of: present) { await noticing(newer) }
                return newer
            },
            permission: { present, newer in
                // What is left of a plan that was begun needs nobody's word again.
                if newer.isRest(of: present) { return .needless }
                return switch takeover {
                case .never: .missing
                case .ifApproved: try await isApproved(newer) ? .given : .missing
                case .always: .needless
                }
            }
        )
    }
}

/// Which newer commits take over a rollout that is under way.
package enum Takeover: Hashable, Sendable {
    /// A person agreed to what is carried out, and to nothing else.
    case never
    /// Those of which somebody has approved the plan; others wait until the rollout has ended.
    case ifApproved
    case always
}

/// Surveys the newest commit beside a rollout, and says whether its plan may take over.
package struct SuccessorPlanning: Sendable {
    let survey: @Sendable (_ present: Plan) async throws -> Survey
    let permission: @Sendable (_ present: Plan, _ newer: Plan) async throws -> Permission

    /// A person's word on a plan.
    enum Permission {
        case needless
        case given
        case missing
    }
}

extension Plan {
    /// Whether it is of the same commit and makes no change that the whole plan does not make.
    func isRest(of whole: Plan) -> Bool {
        revision.commit == whole.revision.commit
            && changes.allSatisfy { change in
                change.action == .none
                    || whole.changes.contains { known in
                        known.resource == change.resource && known.action == change.action
                            && known.after == change.after
                    }
            }
    }
}

/// What a rollout was told last of the world outside.
private struct RolloutWatch {
    let mesh: String
    let followsBranch: Bool
    /// The newest one that it was told of.
    var revision: Revision
    var suspension: Suspension
    /// That it is to make way for what a person wants back.
    var abortion: RolloutOrder?
    /// The commit that was rolled back where it came from.
    var withdrawn: String?
}
