package import MeshModel
package import Planning

/// What a read after a write says; the table of `semantics` §7.
package enum ReadBack: Hashable, Sendable {
    case done(flapped: Bool)
    /// The body is still the one from before: the same intent again.
    case notApplied
    /// A body, or an incarnation, that is neither ours nor the one from before.
    case stranger
    /// Older than what was seen already.
    case stale
    case absent

    /// Judges a read-back.
    ///
    /// - Parameters:
    ///   - live: what was read; nothing where the endpoint says NotFound.
    ///   - write: what was sent.
    ///   - before: the body that was live before the write.
    ///   - version: the (uid, version) that was live before the write.
    package init(
        of live: LiveResource?,
        after write: Write,
        before: SpecValue?,
        version: LiveVersion?
    ) {
        let kind = write.resource.kind
        guard let live else {
            self = write.action == .delete ? .done(flapped: false) : .absent
            return
        }
        if let version, live.version.uid != version.uid {
            self = .stranger
        } else if let version, live.version.version < version.version {
            self = .stale
        } else if let body = write.body, Schema.equal(live.spec, body, as: kind) {
            // A first version is 1, so a create counts from 0.
            let (next, isLast) = (version?.version ?? 0).addingReportingOverflow(1)
            self = .done(flapped: !isLast && live.version.version > next)
        } else if let before, Schema.equal(live.spec, before, as: kind) {
            self = .notApplied
        } else {
            self = .stranger
        }
    }
}
