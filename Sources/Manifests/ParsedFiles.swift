/// Blobs that were parsed before: most of a tree is in the next commit as it was.
///
/// Before substitution, so that targets with other variables could share it; by path too, since
/// diagnostics name it. Holds what the last tree held, and so as little as one tree may hold.
package struct ParsedFiles: Sendable {
    typealias Documents = Result<[Result<SourceNode, Refusal>], Refusal>

    private struct Key: Hashable {
        let path: String
        let blob: String
    }

    private var known: [Key: Documents] = [:]
    private var used: [Key: Documents] = [:]

    package init() {}

    mutating func documents(of file: SourceFile) -> Documents {
        guard let blob = file.blob else { return Self.parse(file) }
        let key = Key(path: file.path, blob: blob)
        let documents = known[key] ?? Self.parse(file)
        used[key] = documents
        return documents
    }

    /// Forgets what this tree did not hold.
    mutating func endTree() {
        known = used
        used = [:]
    }

    private static func parse(_ file: SourceFile) -> Documents {
        do throws(Refusal) { return .success(try file.documents()) } catch {
            return .failure(error)
        }
    }
}
