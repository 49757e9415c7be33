package import MeshModel

/// What one reading may cost, whatever is in the files.
enum ReadingLimits {
    /// 1 MiB a file: far above any manifest that people write.
    static let fileBytes = 1 << 20
    static let files = 5_000
    static let documents = 10_000
    /// Resources, routes inside their routers included; a mesh at its quotas has 10,633.
    static let resources = 20_000
    /// Rollout policies, each of which is asked about every route.
    static let policies = 500
    /// Globs of one rollout policy.
    static let globs = 100
    /// Meshes and gateways whose selectors are asked about every document.
    static let selectors = 100
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
package struct Refusal: Error, Hashable {
    package let code: String
    package let position: SourcePosition
    package let message: String

    init(_ code: String, at position: SourcePosition, _ message: String) {
        self.code = code
        self.position = position
        self.message = message
    }
}
