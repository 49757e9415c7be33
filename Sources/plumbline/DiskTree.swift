import Foundation
import Manifests
import MeshModel

/// Reads files and folders from disk for `validate`, with the limits that a commit has.
///
/// Nothing is followed: a symlink is a finding, as it is in a commit.
struct DiskTree {
    private static let maxFiles = 5000
    private static let maxBytes = 1 << 20
    /// Levels of folders below a path that was named.
    private static let maxDepth = 64

    private var files: [SourceFile] = []
    private var diagnostics: [Diagnostic] = []

    /// The files of all paths, in order of name within each folder.
    static func read(_ paths: [String]) -> SourceTree {
        var tree = DiskTree()
        for path in paths { tree.visit(path, depth: 0, isNamed: true) }
        return SourceTree(files: tree.files, diagnostics: tree.diagnostics)
    }

    private mutating func visit(_ path: String, depth: Int, isNamed: Bool) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        switch attributes?[.type] as? FileAttributeType {
        case .typeDirectory:
            visitFolder(path, depth: depth)
        case .typeRegular:
            guard isNamed || Self.isManifest(path) else { return }
            readFile(path, size: (attributes?[.size] as? Int) ?? 0, isNamed: isNamed)
        case .typeSymbolicLink:
            refuse(path, "symlink", "is a symlink, and none is followed; put the file itself here")
        case .none:
            refuse(path, "unreadable", "cannot be read; check the name and the rights")
        default:
            refuse(path, "notAFile", "is neither a file nor a folder")
        }
    }

    private mutating func visitFolder(_ path: String, depth: Int) {
        guard depth < Self.maxDepth else {
            refuse(path, "tooDeep", "lies more than \(Self.maxDepth) folders deep")
            return
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            refuse(path, "unreadable", "cannot be read; check the rights")
            return
        }
        for name in names.sorted() where name != ".git" {
            guard files.count < Self.maxFiles else {
                refuse(path, "tooManyFiles", "holds more than \(Self.maxFiles) manifests; split it")
                return
            }
            visit(
                path.hasSuffix("/") ? path + name : path + "/" + name,
                depth: depth + 1,
                isNamed: false
            )
        }
    }

    private mutating func readFile(_ path: String, size: Int, isNamed: Bool) {
        guard size <= Self.maxBytes else {
            refuse(path, "fileTooLarge", "has \(size) bytes, at most \(Self.maxBytes); split it")
            return
        }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            refuse(path, "unreadable", "cannot be read; check the rights")
            return
        }
        files.append(SourceFile(path: path, bytes: Array(bytes), isNamed: isNamed))
    }

    private mutating func refuse(_ path: String, _ code: String, _ what: String) {
        let position = SourcePosition(file: path, line: 1, column: 1)
        diagnostics.append(Diagnostic(.error, code, at: position, "'\(path)' \(what)"))
    }

    private static func isManifest(_ path: String) -> Bool {
        [".yaml", ".yml", ".json"].contains { path.hasSuffix($0) }
    }
}
