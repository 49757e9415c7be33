package import MeshModel

/// One file of a commit, or of a folder on disk: its bytes, never a path to open.
package struct SourceFile: Hashable, Sendable {
    /// Relative to the repository's root, with `/` between segments.
    package let path: String
    package let bytes: [UInt8]
    /// Named on the command line: read whatever its name is.
    package let isNamed: Bool
    /// Id of the blob, where it is one: equal ids are equal bytes.
    package let blob: String?

    package init(path: String, bytes: [UInt8], isNamed: Bool = false, blob: String? = nil) {
        self.path = path
        self.bytes = bytes
        self.isNamed = isNamed
        self.blob = blob
    }

    /// Every document of the file, and a refusal for each that cannot be read.
    ///
    /// Throws where nothing of it can be read at all.
    package func documents() throws(Refusal) -> [Result<SourceNode, Refusal>] {
        let start = SourcePosition(file: path, line: 1, column: 1)
        guard bytes.count <= ReadingLimits.fileBytes else {
            throw Refusal(
                "fileTooLarge",
                at: start,
                "the file has \(bytes.count) bytes, at most \(ReadingLimits.fileBytes) are read"
            )
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes
        guard String(validating: text, as: UTF8.self) != nil else {
            throw Refusal("notUTF8", at: start, "the file is not UTF-8; save it as UTF-8")
        }
        guard path.hasSuffix(".json") else { return YAMLReading.documents(of: text, in: path) }
        do throws(Refusal) {
            return try JSONReading.document(of: text, in: path).map { [.success($0)] } ?? []
        } catch {
            return [.failure(error)]
        }
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
