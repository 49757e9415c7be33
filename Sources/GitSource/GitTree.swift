/// One file of a commit, as plain bytes.
package struct GitFile: Hashable, Sendable {
    /// Relative to the repository's root, with `/` between segments.
    package let path: String
    package let bytes: [UInt8]
    /// Id of the blob, 40 hexadecimal digits; equal ids are equal bytes.
    package let blob: String
}

/// Something under the watched path that was not read, and so might have held a resource.
package struct TreeProblem: Hashable, Sendable, Comparable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable {
        case symlink
        case submodule
        /// A name that no honest tree holds: `..`, `.git`, a slash, or bytes that are not UTF-8.
        case badName
        case fileTooLarge
        case tooManyFiles
        case tooDeep
        /// A pointer to Git LFS, whose content lies elsewhere.
        case largeFilePointer
        /// The object is missing or broken.
        case unreadable
    }

    package let path: String
    package let kind: Kind
    /// What is wrong and what to do instead.
    package let message: String

    package static func < (left: TreeProblem, right: TreeProblem) -> Bool {
        (left.path, left.kind.rawValue) < (right.path, right.kind.rawValue)
    }

    package var description: String { "\(path): \(message)" }
}

/// The files of a watched folder at one revision, sorted by path, and what could not be read.
package struct GitTree: Hashable, Sendable {
    package let files: [GitFile]
    package let problems: [TreeProblem]
}

/// What a tree may hold before we stop looking.
package struct TreeLimits: Hashable, Sendable {
    /// Files that are read.
    package var files = 5_000
    /// Bytes of one file.
    package var fileBytes = 1 << 20
    /// Bytes of all files together: they are held in memory, several times.
    package var totalBytes = 64 << 20
    /// Folders inside folders.
    package var depth = 64
    /// Entries looked at, read or not: a small object graph can unfold into a tree without end.
    package var entries = 100_000
    /// Endings of the names that are read; all other files are passed over.
    package var suffixes = [".yaml", ".yml", ".json"]

    package init() {}
}
