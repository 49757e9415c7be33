import CLibgit2
import MeshModel

/// Reads the files under one tree, bounded, following nothing.
///
/// Never stops at a bad entry: each becomes a problem, so that one finding hides no other.
struct TreeWalk {
    private let database: OpaquePointer
    private let limits: TreeLimits
    private var files: [GitFile] = []
    private var problems: [TreeProblem] = []
    private var entriesLeft: Int
    private var bytesLeft: Int

    /// A tree that still has to be looked at.
    private struct Pending {
        let id: git_oid
        let path: String
        let depth: Int
    }

    private init(_ database: OpaquePointer, _ limits: TreeLimits) {
        self.database = database
        self.limits = limits
        entriesLeft = limits.entries
        bytesLeft = limits.totalBytes
    }

    /// Reads what lies under a tree; `path` is where that tree stands in the repository.
    static func read(
        _ repository: borrowing RepositoryHandle,
        tree: git_oid,
        path: String,
        limits: TreeLimits
    ) throws(GitError) -> GitTree {
        let operation = GitOperation("Read Git tree", path.isEmpty ? "/" : path)
        var database: OpaquePointer?
        let handle = repository.pointer
        try operation.run { git_repository_odb(&database, handle) }
        guard let database else { throw operation.error(.fileSystem, "no object database") }
        defer { git_odb_free(database) }
        var walk = TreeWalk(database, limits)
        var pending = [Pending(id: tree, path: path, depth: 1)]
        while let next = pending.popLast() {
            guard let children = walk.visit(next, in: handle) else { break }
            pending += children
        }
        return GitTree(
            files: walk.files.sorted { $0.path < $1.path },
            problems: walk.problems.sorted()
        )
    }

    /// Looks at the entries of one tree; `nil` ends the walk.
    private mutating func visit(_ folder: Pending, in repository: OpaquePointer) -> [Pending]? {
        var found: OpaquePointer?
        guard git_tree_lookup(&found, repository, [folder.id]) == 0, let tree = found else {
            problem(.unreadable, at: folder.path, "the folder's object is missing or broken")
            return []
        }
        defer { git_tree_free(tree) }
        var folders: [Pending] = []
        for index in 0..<git_tree_entrycount(tree) {
            guard entriesLeft > 0 else {
                problem(
                    .tooManyFiles,
                    at: folder.path,
                    "more than \(limits.entries) entries to look at"
                )
                return nil
            }
            entriesLeft -= 1
            guard let entry = git_tree_entry_byindex(tree, index),
                let path = path(of: entry, in: folder.path),
                let id = git_tree_entry_id(entry)?.pointee
            else { continue }
            switch git_tree_entry_filemode(entry) {
            case GIT_FILEMODE_TREE:
                if folder.depth < limits.depth {
                    folders.append(Pending(id: id, path: path, depth: folder.depth + 1))
                } else {
                    problem(.tooDeep, at: path, "deeper than \(limits.depth) folders")
                }
            case GIT_FILEMODE_LINK:
                problem(.symlink, at: path, "a symlink is not followed; commit the file itself")
            case GIT_FILEMODE_COMMIT:
                problem(.submodule, at: path, "a submodule is not read; commit its files here")
            default:
                guard file(id, at: path) else { return nil }
            }
        }
        return folders
    }

    /// Reads one file if its name asks for it; false when no more may be read.
    private mutating func file(_ id: git_oid, at path: String) -> Bool {
        guard limits.suffixes.contains(where: path.hasSuffix) else { return true }
        guard files.count < limits.files else {
            problem(.tooManyFiles, at: path, "more than \(limits.files) files")
            return false
        }
        var size = 0
        var type = GIT_OBJECT_INVALID
        guard git_odb_read_header(&size, &type, database, [id]) == 0, type == GIT_OBJECT_BLOB
        else {
            problem(.unreadable, at: path, "the file's object is missing or broken")
            return true
        }
        guard size <= limits.fileBytes else {
            let limit = limits.fileBytes
            problem(.fileTooLarge, at: path, "\(size) bytes, the limit is \(limit); split the file")
            return true
        }
        guard size <= bytesLeft else {
            let limit = limits.totalBytes
            problem(.tooManyFiles, at: path, "more than \(limit) bytes in all files together")
            return false
        }
        var object: OpaquePointer?
        guard git_odb_read(&object, database, [id]) == 0, let object else {
            problem(.unreadable, at: path, "the file's object is missing or broken")
            return true
        }
        defer { git_odb_object_free(object) }
        let bytes = Array(
            UnsafeRawBufferPointer(
                start: git_odb_object_data(object),
                count: git_odb_object_size(object)
            )
        )
        bytesLeft -= bytes.count
        guard !bytes.starts(with: Self.pointerMark) else {
            problem(.largeFilePointer, at: path, "a Git LFS pointer; commit the file itself")
            return true
        }
        files.append(GitFile(path: path, bytes: bytes, blob: ObjectID.hex(id)))
        return true
    }

    /// First words of a Git LFS pointer file (git-lfs specification, version 1).
    private static let pointerMark = Array("version https://git-lfs.github.com/spec/".utf8)

    /// The entry's path, or nothing, with a problem, when its name is none to trust.
    private mutating func path(of entry: OpaquePointer, in folder: String) -> String? {
        guard let raw = git_tree_entry_name(entry) else { return nil }
        let shown = PlainText.line(String(cString: raw), limit: 200)
        guard let name = String(validatingCString: raw) else {
            problem(.badName, at: join(folder, shown), "the name is not UTF-8; rename it")
            return nil
        }
        let forbidden = ["", ".", ".."].contains(name) || name.lowercased() == ".git"
        guard !forbidden, !name.contains("/"), PlainText.isPlain(name) else {
            problem(.badName, at: join(folder, shown), "no file may have that name; rename it")
            return nil
        }
        return join(folder, name)
    }

    private func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : "\(folder)/\(name)"
    }

    private mutating func problem(_ kind: TreeProblem.Kind, at path: String, _ message: String) {
        problems.append(TreeProblem(path: path, kind: kind, message: message))
    }
}
