import Foundation
import GitSource
import Manifests

/// The team of the demo: commits to a repository as people do, and pushes.
actor DemoTeam {
    /// The folder of the manifests inside the repository.
    static let path = "mesh"

    let origin: String
    private let clone: GitRepositoryWriter
    private var files: [String: String]
    private var time = Int64(Date().timeIntervalSince1970)

    init(folder: String, files: [String: String]) {
        origin = folder + "/origin.git"
        clone = GitRepositoryWriter(directory: folder + "/clone.git")
        self.files = files
    }

    /// The sample's files by name.
    static func sample(_ folder: String) throws -> [String: String] {
        let tree = DiskTree.read([folder])
        if let finding = tree.diagnostics.first {
            throw CommandFailure(
                .error,
                "Read the sample: \(finding); run the demo in a checkout of Plumbline, or give "
                    + "--manifests"
            )
        }
        let named = tree.files.map { file in
            let name = URL(filePath: file.path).lastPathComponent
            return (name, String(decoding: file.bytes, as: UTF8.self))
        }
        return Dictionary(named) { first, _ in first }
    }

    /// The first commit: everything there is.
    func begin(_ author: String, _ message: String) async throws {
        try await GitRepositoryWriter(directory: origin).create()
        try await clone.create()
        try await push(Array(files.keys), author, message)
    }

    /// Changes one file by replacing texts, which must be there.
    func edit(
        _ file: String,
        _ author: String,
        _ message: String,
        _ replacements: [(old: String, new: String)]
    ) async throws {
        guard var text = files[file] else { throw missing(file, "the file") }
        for (old, new) in replacements {
            guard text.contains(old) else { throw missing(file, "'\(old)'") }
            text = text.replacing(old, with: new, maxReplacements: 1)
        }
        files[file] = text
        try await push([file], author, message)
    }

    /// A new version of a node: the document of an old one under a new name.
    func addNode(like old: String, named new: String, in file: String) throws {
        let documents = (files[file] ?? "").components(separatedBy: "\n---\n")
        let isNode = { (text: String) in
            text.contains("kind: VirtualNode\n") && text.contains("awsName: \(old)\n")
        }
        guard let document = documents.first(where: isNode) else {
            throw missing(file, "node '\(old)'")
        }
        let parts = documents + [document.replacing(old, with: new)]
        files[file] = parts.joined(separator: "\n---\n")
    }

    private func push(_ names: [String], _ author: String, _ message: String) async throws {
        time += 1
        let changes = names.map { name in
            (Self.path + "/" + name, GitChange.write(Array((files[name] ?? "").utf8)))
        }
        let mail = "\(author.lowercased())@shop.example"
        _ = try await clone.commit(
            Dictionary(changes) { first, _ in first },
            message: message,
            author: GitAuthor(name: author, mail: mail, time: time)
        )
        try await clone.push(to: RemoteAddress(origin))
    }

    private func missing(_ file: String, _ what: String) -> CommandFailure {
        CommandFailure(.error, "Edit '\(file)' of the sample: \(what) is not in it")
    }
}
