import Foundation
import GitSource
import MeshModel

/// An origin, a team that pushes to it, and a mirror that follows it, all in one fresh folder.
struct Team: Sendable {
    let folder: URL
    let writer: GitRepositoryWriter
    let origin: GitRepositoryWriter

    static let author = GitAuthor(name: "Ada", mail: "ada@example.com", time: 1_700_000_000)

    var originPath: String { folder.appending(path: "origin.git").path }
    var mirrorPath: String { folder.appending(path: "mirror.git").path }

    init(_ folder: URL) async throws {
        self.folder = folder
        origin = GitRepositoryWriter(directory: folder.appending(path: "origin.git").path)
        writer = GitRepositoryWriter(directory: folder.appending(path: "team.git").path)
        try await origin.create()
        try await writer.create()
    }

    /// Commits and pushes as a team would.
    @discardableResult
    func push(
        _ files: [String: String],
        message: String = "Change the mesh",
        branch: String = "main"
    ) async throws -> String {
        let commit = try await writer.commit(
            files.mapValues { .write(Array($0.utf8)) },
            message: message,
            author: Self.author,
            branch: branch
        )
        try await writer.push(to: RemoteAddress(originPath), branch: branch)
        return commit
    }

    func mirror(
        ref: String = "main",
        remote: String? = nil,
        _ change: (inout GitSettings) -> Void = { _ in }
    ) throws -> GitMirror {
        var settings = GitSettings(
            mirror: mirrorPath,
            remote: try RemoteAddress(remote ?? "file://\(originPath)"),
            ref: try WatchedRef(ref),
            executable: Self.executable
        )
        change(&settings)
        return GitMirror(settings)
    }

    /// A name for the child that no other process has, so that it can be looked for.
    func childOfItsOwn() throws -> String {
        let link = folder.appending(path: "child-\(UUID().uuidString)").path
        try FileManager.default.createSymbolicLink(
            atPath: link,
            withDestinationPath: Self.executable
        )
        return link
    }

    /// The built `plumbline`, which lies beside the test bundle.
    static let executable = URL(filePath: CommandLine.arguments[0])
        .deletingLastPathComponent()
        .appending(path: "plumbline")
        .path
}

/// Runs a test body with a team in a folder that is removed afterwards.
func withTeam(_ body: (Team) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory
        .appending(path: "plumbline-git-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(try await Team(folder))
}

/// The error that an operation throws, when it is one of ours.
func gitError(_ operation: () async throws -> Void) async -> GitError? {
    do {
        try await operation()
        return nil
    } catch {
        return error as? GitError
    }
}

/// Whether a process runs that was started under this name.
func isRunning(_ executable: String) -> Bool {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.contains { process in
        guard Int32(process) != nil,
            let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
        else { return false }
        return command.starts(with: Data(executable.utf8))
    }
}

/// Waits until a condition holds; false after ten seconds.
func eventually(_ condition: () async -> Bool) async -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(10)
    while clock.now < deadline {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(20))
    }
    return await condition()
}
