import MeshModel

/// What earlier scans saw, so that an unchanged resource is not described again.
actor VersionCache {
    private struct Entry {
        /// The list item whose resource this is; absent where only the version is known.
        var item: ListedItem?
        var resource: LiveResource?
        var seen: LiveVersion
    }

    private var entries: [ResourceID: Entry] = [:]

    /// The resource behind a list item that has not changed since it was described.
    func unchanged(_ item: ListedItem) -> LiveResource? {
        guard let entry = entries[item.id], entry.item == item else { return nil }
        return entry.resource
    }

    /// Whether a read is older than one we have seen: same incarnation, lower version.
    func isStale(_ resource: LiveResource) -> Bool {
        guard let seen = entries[resource.id]?.seen else { return false }
        return seen.uid == resource.version.uid && seen.version > resource.version.version
    }

    /// Everything of a mesh that was there when last looked at.
    func known(in mesh: String) -> Set<ResourceID> {
        Set(entries.keys.filter { $0.mesh == mesh })
    }

    /// Keeps a described resource; its list item is kept only where both are of one version.
    func keep(_ resource: LiveResource, listedAs item: ListedItem?) {
        let matches = item?.stamp.version == resource.version.version
        entries[resource.id] = Entry(
            item: matches ? item : nil,
            resource: resource,
            seen: resource.version
        )
    }

    /// A write to the resource is on its way: what we knew of its body no longer holds.
    func distrust(_ id: ResourceID) { entries[id]?.item = nil }

    /// A version that an acknowledgement named; the body still has to be read.
    func saw(_ version: LiveVersion, of id: ResourceID) {
        if let seen = entries[id]?.seen, seen.uid == version.uid, seen.version > version.version {
            return
        }
        entries[id] = Entry(item: nil, resource: nil, seen: version)
    }

    /// The resource is gone, and with a mesh all that was in it.
    func forget(_ id: ResourceID) {
        entries[id] = nil
        guard id.kind == .mesh else { return }
        entries = entries.filter { $0.key.mesh != id.mesh }
    }
}
