package import Manifests
package import MeshModel
package import Planning
import Rollout

/// All three sides of a target at one moment, and the plan that follows from them.
package struct Survey: Sendable {
    package let reading: ManifestReading
    package let input: PlanInput
    package let plan: Plan
    /// How the mesh differs from what was applied.
    package let drift: DriftReport
    /// Who has suspended the target, with or without a freeze.
    package let suspendedBy: Order?
    /// What was carried out last, where the branch no longer contains it.
    package let rewoundFrom: Revision?

    package var revision: Revision { input.revision }

    /// Who has frozen it.
    var frozenBy: Order? {
        suspendedBy?.kind == .suspend(freezes: true) ? suspendedBy : nil
    }
}

extension Survey {
    /// The same without what is said to have drifted of some resources.
    func leavingOut(_ resources: Set<ResourceID>) -> Survey {
        Survey(
            reading: reading,
            input: input,
            plan: plan,
            drift: drift.keeping {
                !DriftReport.drift.contains($0.driftClass) || !resources.contains($0.resource)
            },
            suspendedBy: suspendedBy,
            rewoundFrom: rewoundFrom
        )
    }
}

/// Why there is no plan: an expected end, told to the user as it is.
package enum SurveyFailure: Error, Sendable, CustomStringConvertible {
    /// One error in a target's tree refuses the whole revision (`semantics` §10).
    case refused(Revision, ManifestReading)
    /// The tree declares no mesh and none was named, or several; which they are.
    case noMesh(Revision, declared: [String])
    /// The target follows another one, which has held nothing healthy for long enough yet.
    case waiting(target: String)

    /// The commit that there is no plan of.
    var revision: Revision? {
        switch self {
        case .refused(let revision, _), .noMesh(let revision, _): revision
        case .waiting: nil
        }
    }

    /// Whether nothing is wrong.
    var isPatience: Bool {
        guard case .waiting = self else { return false }
        return true
    }

    package var description: String {
        switch self {
        case .refused(let revision, let reading):
            let first = reading.diagnostics.first { $0.severity == .error }
            return "The manifests of \(revision) have errors; nothing was changed"
                + (first.map { "; \($0)" } ?? "")
        case .noMesh(let revision, let declared):
            let what =
                declared.isEmpty
                ? "declare no mesh"
                : "declare \(declared.count) meshes (\(declared.joined(separator: ", ")))"
            return "The manifests of \(revision) \(what); name one with --mesh"
        case .waiting(let target): return "Waits for target '\(target)' to hold a first revision"
        }
    }
}

extension Reconciliation {
    /// Reads the newest commit, the live mesh and the ledger, and plans; the mesh stays as it is.
    ///
    /// With a mesh that is `remembered` from a scan a while ago, only what the plan would write is
    /// read again: so a nudge costs no scan. Where that is not enough, the mesh is scanned.
    package func survey(
        _ options: PlanOptions = PlanOptions(),
        remembered: MeshState? = nil
    ) async throws -> Survey {
        let start = runner.clock.now()
        do {
            let survey = try await look(options, remembered)
            runner.progress.looked(.planned, within: runner.clock.now() - start)
            return survey
        } catch {
            // Whoever cancels one has something better to do.
            if !Task.isCancelled {
                runner.progress.looked(LookEnd(error), within: runner.clock.now() - start)
            }
            throw error
        }
    }

    private func look(_ options: PlanOptions, _ remembered: MeshState?) async throws -> Survey {
        let revision = try await source.newest()
        let tree = try await source.sourceTree(at: revision)
        let mesh = try meshName(of: tree, at: revision)
        if let remembered, remembered.mesh == mesh {
            let guess = try await plan(tree, at: revision, remembered, options)
            let read = guess.plan.changes.map(\.resource)
            if let live = await readAgain(read, in: remembered) {
                guard live != remembered else { return guess }
                let survey = try await plan(tree, at: revision, live, options)
                let written = survey.plan.changes.map(\.resource)
                if Set(written).isSubset(of: read) { return survey }
            }
        }
        let applied = try await runner.ledger.appliedState(mesh: mesh)
        let live = try await runner.reader.scan(
            mesh: mesh,
            isKnown: !applied.resources.isEmpty,
            mayBeGone: options.recreate
        )
        return try await plan(tree, at: revision, live, options)
    }

    /// Surveys a revision that was fetched before, whatever the branch says now.
    ///
    /// A person who asks for it passes holds and suspensions, but no freeze.
    package func survey(
        of revision: Revision,
        _ options: PlanOptions,
        passingOrders: Bool = false
    ) async throws -> Survey {
        let tree = try await source.sourceTree(at: revision)
        let mesh = try meshName(of: tree, at: revision)
        let isKnown = !(try await runner.ledger.appliedState(mesh: mesh).resources.isEmpty)
        let live = try await runner.reader.scan(
            mesh: mesh,
            isKnown: isKnown,
            mayBeGone: options.recreate
        )
        return try await plan(tree, at: revision, live, options, passingOrders: passingOrders)
    }

    /// Plans a revision against one state of the mesh.
    private func plan(
        _ tree: SourceTree,
        at revision: Revision,
        _ live: MeshState,
        _ options: PlanOptions,
        passingOrders: Bool = false
    ) async throws -> Survey {
        let mesh = live.mesh
        let applied = try await runner.ledger.appliedState(mesh: mesh)
        let account = try await runner.reader.account(of: live) ?? settings.account
        let target = Target(
            name: settings.name ?? mesh,
            mesh: mesh,
            account: account ?? "",
            region: settings.region,
            endpoint: settings.endpoint
        )
        try await runner.ledger.check(mesh: mesh, at: target.place)
        let reading = read(
            tree,
            manifestSettings(mesh: mesh, live: Set(live.resources.keys), account: account)
        )
        guard !reading.hasErrors, let desired = reading.desired.first(where: { $0.mesh == mesh })
        else { throw SurveyFailure.refused(revision, reading) }
        let rewind = try await rewind(to: revision, mesh)
        let orders = try await standingOrders(of: mesh)
        let input = PlanInput(
            target: target,
            revision: revision,
            desired: desired,
            live: live,
            applied: applied,
            owners: try await owners(desired, live, applied, options, target.account),
            ledgerID: runner.ledger.ledgerID,
            options: options,
            guardrails: settings.guardrails(runner.clock.wallTime()),
            variables: Digest(of: .object(settings.variables.mapValues { .string($0) })),
            rewoundFrom: options.acceptsRewind ? nil : rewind?.revision,
            wasDeleted: rewind?.isGone ?? false,
            blockedBy: (passingOrders ? orders.freeze : orders.blocking)?.words
        )
        let comparisons = input.comparisons()
        return Survey(
            reading: reading,
            input: input,
            plan: Planner.plan(input, comparisons),
            drift: DriftReport(input, comparisons),
            suspendedBy: orders.suspendedBy,
            rewoundFrom: rewind?.revision
        )
    }

    /// What is known of the mesh after a rollout, until it is scanned; nothing where newer commits
    /// took over on the way.
    func remember(_ survey: Survey, after rollout: EndedRollout) async -> MeshState? {
        guard rollout.plan == survey.plan else { return nil }
        return await readAgain(survey.plan.changes.map(\.resource), in: survey.input.live)
    }

    /// More reads than this one by one cost more than a scan.
    private static let mostReads = 32

    /// The mesh with some resources as they are now; nothing where that asks for a scan.
    ///
    /// What was there and is not any more may have gone with its mesh: only a scan can tell.
    func readAgain(_ ids: [ResourceID], in live: MeshState) async -> MeshState? {
        guard ids.count <= Self.mostReads else { return nil }
        let observations = await withTaskGroup(of: (ResourceID, Observation).self) { group in
            for id in ids { group.addTask { (id, await runner.reader.observe(id)) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var resources = live.resources
        for (id, observation) in observations {
            switch observation {
            case .present(let resource): resources[id] = resource
            case .absent where resources[id] == nil: continue
            case .absent, .unavailable: return nil
            }
        }
        return MeshState(mesh: live.mesh, resources: resources)
    }

    /// The target's mesh, else the only one that the tree declares.
    private func meshName(of tree: SourceTree, at revision: Revision) throws -> String {
        if let mesh = settings.mesh { return mesh }
        let offline = read(tree, manifestSettings(mesh: nil))
        guard offline.meshes.count == 1, let only = offline.meshes.first else {
            guard !offline.hasErrors else { throw SurveyFailure.refused(revision, offline) }
            throw SurveyFailure.noMesh(revision, declared: offline.meshes)
        }
        return only
    }

    private func manifestSettings(
        mesh: String?,
        live: Set<ResourceID>? = nil,
        account: String? = nil
    ) -> ManifestSettings {
        ManifestSettings(
            mesh: mesh,
            namespace: settings.namespace,
            variables: settings.variables,
            live: live,
            account: account,
            region: settings.region
        )
    }

    /// Owner tags of what is about to be adopted; they must be known before the first write.
    ///
    /// With an empty ledger they are read of all that is declared: one is enough to see that a
    /// ledger was lost, and to take over from it they must all be known.
    private func owners(
        _ desired: DesiredState,
        _ live: MeshState,
        _ applied: AppliedState,
        _ options: PlanOptions,
        _ account: String
    ) async throws -> [ResourceID: String] {
        let isEmpty = applied.resources.isEmpty
        let candidates = desired.resources.keys.sorted()
            .filter { isEmpty || (options.adopt.contains($0) && applied.resources[$0] == nil) }
            .compactMap { live.resources[$0] }
        var owners: [ResourceID: String] = [:]
        // Another account's resources in a shared mesh do not show us their tags.
        for resource in candidates where !resource.isOwned(byOtherThan: account) {
            owners[resource.id] = try await runner.reader.tags(of: resource)[OwnerTag.owner]
            if isEmpty, !options.fromTags, !owners.isEmpty { break }
        }
        return owners
    }
}
