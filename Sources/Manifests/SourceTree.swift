package import MeshModel

/// One file of a commit, or of a folder on disk: its bytes, never a path to open.
package struct SourceFile: Hashable, Sendable {
    /// Relative to the repository's root, with `/` between segments.
    package let path: String
    package let bytes: [UInt8]
    /// Named on the command line: read whatever its name is.
    package let isNamed: Bool

    package init(path: String, bytes: [UInt8], isNamed: Bool = false) {
        self.path = path
        self.bytes = bytes
        self.isNamed = isNamed
    }
}

/// The files of one target at one revision, and what could not be read of them.
package struct SourceTree: Hashable, Sendable {
    package let files: [SourceFile]
    /// Symlinks, gitlinks, files over the limit, too many of them: errors, since what is unread
    /// might have held a resource.
    package let diagnostics: [Diagnostic]

    package init(files: [SourceFile], diagnostics: [Diagnostic] = []) {
        self.files = files
        self.diagnostics = diagnostics
    }
}
