import MeshModel

/// What one reading may cost, whatever is in the files.
enum ReadingLimits {
    /// 1 MiB a file: far above any manifest that people write.
    static let fileBytes = 1 << 20
    static let files = 5_000
    static let documents = 10_000
    /// Nested maps and lists; the deepest field of App Mesh stands at 12.
    static let depth = 64
    /// Aliases in one document.
    static let aliases = 100
    /// Keys and values of one document after its aliases are expanded.
    static let nodes = 200_000
    /// Keys and values of all documents together, so that many small bombs make no big one.
    static let treeNodes = 4_000_000
}

/// Why a document, or what is left of a file, cannot be read.
struct Refusal: Error, Hashable {
    let code: String
    let position: SourcePosition
    let message: String

    init(_ code: String, at position: SourcePosition, _ message: String) {
        self.code = code
        self.position = position
        self.message = message
    }
}
