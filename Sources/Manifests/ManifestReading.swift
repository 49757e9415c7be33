package import MeshModel

// Text to desired state.
//
// In: the bytes of a tree's files, and settings. Out: one desired state per mesh, and diagnostics
// with file, line and column. `DocumentReading` cuts and parses files and tells documents apart,
// `Declaration` names and types what they declare, `Lint` looks at all of it together. Pure:
// nothing here opens a file, and no input traps.

/// What the reader of a target's manifests must know besides the files.
package struct ManifestSettings: Hashable, Sendable {
    /// The target's mesh (`--mesh`).
    package var mesh: String?
    /// Namespace of documents that name none.
    package var namespace: String
    package var variables: [String: String]
    /// Resources known to exist at the endpoint, by which references may resolve; nil offline.
    package var live: Set<ResourceID>?
    /// Offline: whether unresolved references are errors instead of warnings.
    package var isStrict: Bool
    /// Account and region of the target, for ARNs of another account or region.
    package var account: String?
    package var region: String?

    package init(
        mesh: String? = nil,
        namespace: String = "default",
        variables: [String: String] = [:],
        live: Set<ResourceID>? = nil,
        isStrict: Bool = false,
        account: String? = nil,
        region: String? = nil
    ) {
        self.mesh = mesh
        self.namespace = namespace
        self.variables = variables
        self.live = live
        self.isStrict = isStrict
        self.account = account
        self.region = region
    }
}

/// The outcome of reading a tree: desired state, or why there is none.
package struct ManifestReading: Hashable, Sendable {
    /// One desired state per mesh of the tree; usable only without error diagnostics.
    ///
    /// The target's mesh is always among them. Offline, what names no mesh belongs to one called
    /// `?`.
    package let desired: [DesiredState]
    /// Sorted by position.
    package let diagnostics: [Diagnostic]
    package let fileCount: Int
    package let documentCount: Int
    /// Documents of other kinds (Deployment, Service), which were passed over.
    package let skippedDocumentCount: Int
    package let skippedFileCount: Int

    /// Names of the meshes that documents declare or name, sorted.
    package var meshes: [String] {
        desired.map(\.mesh).filter { $0 != NameIndex.unknownMesh }
    }

    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// Reads every file; findings in one never hide those in another.
    ///
    /// Total: no input traps.
    package static func read(_ tree: SourceTree, _ settings: ManifestSettings) -> ManifestReading {
        var parsed = ParsedFiles()
        return read(tree, settings, &parsed)
    }

    /// The same, without parsing again what the last tree held too.
    package static func read(
        _ tree: SourceTree,
        _ settings: ManifestSettings,
        _ parsed: inout ParsedFiles
    ) -> ManifestReading {
        var documents = DocumentReading(settings: settings, parsed: parsed)
        for diagnostic in tree.diagnostics { documents.findings.add(diagnostic) }
        documents.read(tree.files)
        parsed = documents.parsed
        var declaration = Declaration(documents, settings)
        declaration.declare()
        var lint = Lint(declaration, settings)
        lint.run()
        return ManifestReading(
            desired: declaration.desiredStates,
            diagnostics: lint.findings.bounded,
            fileCount: documents.fileCount,
            documentCount: documents.documentCount,
            skippedDocumentCount: documents.skippedDocumentCount,
            skippedFileCount: documents.skippedFileCount
        )
    }
}
