package import MeshModel

/// What people and reports ask of a ledger.
extension Ledger {
    /// A record with the bodies before and after it.
    package struct Detail: Sendable {
        package let record: AuditRecord
        package let before: SpecValue?
        package let after: SpecValue?
    }

    /// The end of the chain.
    package func head() throws -> ChainHead {
        try storage.snapshot { try $0.tail() } ?? .genesis(ofLedger: id)
    }

    /// As many records that fit as the query takes, oldest first.
    package func records(_ query: RecordQuery = RecordQuery()) throws -> [AuditRecord] {
        var found: [AuditRecord] = []
        try storage.snapshot { snapshot in
            try snapshot.rows(query) { row in
                guard found.count < query.limit else { return false }
                let record = try AuditRecord(row)
                if let glob = query.resource, record.resource.map(glob.matches) != true {
                    return true
                }
                found.append(record)
                return true
            }
        }
        return query.takesOldest ? found : found.reversed()
    }

    package func detail(_ seq: Int64) throws -> Detail? {
        try storage.snapshot { snapshot in
            guard let record = try snapshot.row(seq).map({ try AuditRecord($0) }) else {
                return nil
            }
            return Detail(
                record: record,
                before: try record.before.flatMap { try snapshot.body($0) },
                after: try record.after.flatMap { try snapshot.body($0) }
            )
        }
    }

    /// A body or plan that records refer to by its digest.
    package func body(_ digest: Digest) throws -> SpecValue? {
        try storage.snapshot { try $0.body(digest) }
    }

    /// Sequence of the newest record that holds this intent.
    package func sequence(ofIntent intent: String) throws -> Int64? {
        try storage.snapshot { try $0.row(ofIntent: intent)?.seq }
    }

    /// The client token of an intent that was committed; none for deletes.
    package func clientToken(ofIntent intent: String) throws -> String? {
        try storage.snapshot { try $0.row(ofIntent: intent)?.text("clientToken") }
    }

    /// What stands of all that people decided about a mesh.
    package func standingOrders(mesh: String) throws -> StandingOrders {
        try storage.snapshot { snapshot in
            var found: [AuditRecord] = []
            try snapshot.rows(RecordQuery(mesh: mesh, kinds: StandingOrders.kinds)) { row in
                found.append(try AuditRecord(row))
                return true
            }
            var orders = StandingOrders()
            for record in found.reversed() {
                orders.take(
                    record.kind,
                    resource: record.resource,
                    plan: record.plan,
                    payload: record.payload
                )
            }
            return orders
        }
    }

    /// What was applied and held once all records of a commit were written.
    ///
    /// Nothing where the ledger has no record of it; the beginning of the 40 digits is enough.
    package func appliedState(mesh: String, at commit: String) throws -> AppliedState? {
        let newest = RecordQuery(commit: commit, mesh: mesh, limit: 1)
        guard let last = try records(newest).last else { return nil }
        return try appliedState(mesh: mesh, through: last.seq)
    }

    /// The same for a record's number: the fold of all changes up to it.
    package func appliedState(mesh: String, through seq: Int64) throws -> AppliedState {
        try storage.snapshot { snapshot in
            var projection = Projection()
            try snapshot.forEachRow { row in
                guard let number = row.seq, number <= seq, row.text("changes") != nil else {
                    return
                }
                for change in try AuditRecord(row).changes { projection.fold(change) }
            }
            return try snapshot.appliedState(projection, mesh: mesh)
        }
    }
}

extension Ledger {
    /// The revision that was seen or planned last for a mesh.
    package func lastSeen(mesh: String) throws -> Revision? {
        let kinds: [EventKind] = [.revisionSeen, .planned]
        return try kinds
            .compactMap {
                try records(RecordQuery(mesh: mesh, kinds: [$0], limit: 1)).last
            }
            .max { $0.seq < $1.seq }?
            .revision
    }

    /// Whether a revision was seen, planned or superseded for a mesh.
    package func isSeen(_ revision: Revision, mesh: String) throws -> Bool {
        let kinds: [EventKind] = [.revisionSeen, .planned, .superseded]
        return try storage.snapshot {
            try $0.hasRecord(of: revision.commit, mesh: mesh, kinds: kinds)
        }
    }

    /// The revision that was carried out last, to its end; nothing before the first.
    ///
    /// Of rollouts since then that came to something else, a thousand are searched.
    package func lastCompleted(mesh: String) throws -> Revision? {
        try records(RecordQuery(mesh: mesh, kinds: [.finished], limit: 1000))
            .last { EntryFacts($0.payload).outcome == "completed" }?
            .revision
    }

    /// How the newest rollout of a revision to a mesh ended, in its record's word.
    package func lastOutcome(of revision: Revision, mesh: String) throws -> String? {
        let query = RecordQuery(
            commit: revision.commit,
            mesh: mesh,
            kinds: [.finished],
            limit: 1
        )
        return try records(query).last.flatMap { EntryFacts($0.payload).outcome }
    }
}
