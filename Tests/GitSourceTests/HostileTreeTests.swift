import Foundation
import GitSource
import MeshModel
import Subprocess
import SystemPackage
import Testing

/// Trees that no honest commit holds, and some that honest people make by mistake.
@Suite struct HostileTreeTests {
    /// Commits a tree that Debian's git writes without looking at it, and reads it.
    private func reading(
        _ entries: [(mode: String, name: String, id: String)],
        _ change: @Sendable (inout TreeLimits) -> Void = { _ in },
        _ body: (GitTree) throws -> Void
    ) async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let tree = try await team.writeTree(entries)
            try await team.commit(tree: tree)
            let mirror = try team.mirror { change(&$0.tree) }
            let revision = try await mirror.newest(under: "")
            try body(try await mirror.tree(at: revision, under: ""))
        }
    }

    private static let empty = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"

    @Test func symlinksAndSubmodulesAreNamedAndNotFollowed() async throws {
        let submodule = String(repeating: "1", count: 40)
        try await reading([
            ("160000", "module", submodule), ("120000", "passwd.yaml", Self.empty),
            ("100644", "real.yaml", Self.empty),
        ]) { tree in
            #expect(tree.files.map(\.path) == ["real.yaml"])
            #expect(tree.problems.map(\.kind) == [.submodule, .symlink])
            #expect(tree.problems.map(\.path) == ["module", "passwd.yaml"])
        }
    }

    @Test func aSymlinkOfAPersonIsNamed() async throws {
        try await withTeam { team in
            _ = try await team.writer.commit(
                ["mesh/a.yaml": .link("/etc/passwd"), "mesh/b.yaml": .write(Array("b".utf8))],
                message: "Link",
                author: Team.author
            )
            try await team.writer.push(to: RemoteAddress(team.originPath))
            let mirror = try team.mirror()
            let tree = try await mirror.tree(at: mirror.newest(under: "mesh"), under: "mesh")
            #expect(tree.files.map(\.path) == ["mesh/b.yaml"])
            #expect(tree.problems.map(\.kind) == [.symlink])
        }
    }

    @Test func namesThatLeadElsewhereAreNamed() async throws {
        try await reading([
            ("100644", "..", Self.empty), ("100644", ".GIT", Self.empty),
            ("100644", "bell\u{7}.yaml", Self.empty), ("100644", "good name.yaml", Self.empty),
            ("100644", "rtl\u{202e}lmay.yaml", Self.empty),
        ]) { tree in
            #expect(tree.files.map(\.path) == ["good name.yaml"])
            #expect(tree.problems.map(\.kind) == [.badName, .badName, .badName, .badName])
            #expect(tree.problems.allSatisfy { !$0.description.unicodeScalars.contains("\u{7}") })
        }
    }

    @Test func aNameThatIsNotUTF8IsNamed() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            _ = try await team.write("blob", [])
            var bytes = Array("100644 caf".utf8)
            bytes += [0xE9] + Array(".yaml".utf8) + [0]
            bytes += try #require(Team.bytes(ofID: Self.empty))
            try await team.commit(tree: try await team.write("tree", bytes))
            let mirror = try team.mirror()
            let tree = try await mirror.tree(at: mirror.newest(under: ""), under: "")
            #expect(tree.files.isEmpty)
            #expect(tree.problems.map(\.kind) == [.badName])
        }
    }

    @Test func aMissingObjectIsAProblemOfItsPathAlone() async throws {
        try await withTeam { team in
            try await team.push(["a.yaml": "a", "b.yaml": "b"])
            let mirror = try team.mirror(remote: team.originPath)
            let revision = try await mirror.newest(under: "")
            let whole = try await mirror.tree(at: revision, under: "")
            let blob = try #require(whole.files.first?.blob)
            try await team.unpack(mirrorWithout: blob)
            let tree = try await mirror.tree(at: revision, under: "")
            #expect(tree.files.map(\.path) == ["b.yaml"])
            #expect(tree.problems.map(\.kind) == [.unreadable])
        }
    }

    @Test func whatIsTooLargeIsNotRead() async throws {
        try await withTeam { team in
            let large = String(repeating: "x", count: (1 << 20) + 1)
            try await team.push([
                "mesh/exact.yaml": String(large.dropLast()), "mesh/large.yaml": large,
                "mesh/picture.png": large, "mesh/small.yml": "s",
                "mesh/pointer.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            ])
            let mirror = try team.mirror()
            let tree = try await mirror.tree(at: mirror.newest(under: "mesh"), under: "mesh")
            #expect(tree.files.map(\.path) == ["mesh/exact.yaml", "mesh/small.yml"])
            #expect(tree.problems.map(\.kind) == [.fileTooLarge, .largeFilePointer])
            #expect(tree.problems.first?.message.contains("1048577 bytes") == true)
        }
    }

    @Test func allFilesTogetherAreBounded() async throws {
        try await withTeam { team in
            let half = String(repeating: "x", count: 600)
            try await team.push(["a.yaml": half, "b.yaml": half])
            let mirror = try team.mirror { $0.tree.totalBytes = 1000 }
            let tree = try await mirror.tree(at: mirror.newest(under: ""), under: "")
            #expect(tree.files.count == 1)
            #expect(tree.problems.map(\.kind) == [.tooManyFiles])
        }
    }

    @Test func sixThousandFilesAreTooMany() async throws {
        try await withTeam { team in
            var files: [String: String] = [:]
            for number in 0..<6000 { files["mesh/file-\(number).yaml"] = "n: \(number % 7)" }
            try await team.push(files)
            let mirror = try team.mirror()
            let tree = try await mirror.tree(at: mirror.newest(under: "mesh"), under: "mesh")
            #expect(tree.files.count == 5000)
            #expect(tree.problems.map(\.kind) == [.tooManyFiles])
            #expect(tree.problems.first?.message == "more than 5000 files")
        }
    }

    @Test func aDeepTreeEndsAtItsLimit() async throws {
        try await withTeam { team in
            let deep = Array(repeating: "d", count: 80).joined(separator: "/")
            try await team.push(["\(deep)/a.yaml": "a", "d/b.yaml": "b"])
            let mirror = try team.mirror()
            let tree = try await mirror.tree(at: mirror.newest(under: ""), under: "")
            #expect(tree.files.map(\.path) == ["d/b.yaml"])
            #expect(tree.problems.map(\.kind) == [.tooDeep])
        }
    }

    /// Ten objects that unfold into ten thousand million entries.
    @Test func aTreeBombEndsAtItsLimit() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            var tree = try await team.writeTree([("100644", "a.yaml", Self.empty)])
            for _ in 0..<10 {
                let below = tree
                tree = try await team.writeTree((0..<10).map { ("40000", "d\($0)", below) })
            }
            try await team.commit(tree: tree)
            let mirror = try team.mirror { $0.tree.entries = 20_000 }
            let found = try await mirror.tree(at: mirror.newest(under: ""), under: "")
            #expect(found.problems.map(\.kind) == [.tooManyFiles])
        }
    }
}

extension Team {
    /// Writes a tree object as it is, names unchecked; entries must be sorted as Git sorts them.
    func writeTree(_ entries: [(mode: String, name: String, id: String)]) async throws -> String {
        _ = try await write("blob", [])
        var bytes: [UInt8] = []
        for entry in entries {
            bytes += Array("\(entry.mode) \(entry.name)".utf8) + [0]
            bytes += Self.bytes(ofID: entry.id) ?? []
        }
        return try await write("tree", bytes)
    }

    /// Puts a commit of a tree on the origin's branch.
    func commit(tree: String) async throws {
        let commit = try await git(["commit-tree", tree, "-m", "Hostile"])
        _ = try await git(["update-ref", "refs/heads/main", commit])
    }

    /// Writes any object into the origin; Debian's git does not look at what is in it.
    func write(_ type: String, _ bytes: [UInt8]) async throws -> String {
        try await git(["hash-object", "-w", "--literally", "-t", type, "--stdin"], input: bytes)
    }

    /// Runs Debian's git on the origin, or on another bare repository of the team.
    @discardableResult
    func git(
        _ arguments: [String],
        in repository: String? = nil,
        input: [UInt8] = []
    ) async throws -> String {
        let result = try await Subprocess.run(
            .name("git"),
            arguments: Arguments(["--git-dir", repository ?? originPath] + arguments),
            environment: .inherit.updating([
                "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_AUTHOR_NAME": "Eve", "GIT_AUTHOR_EMAIL": "eve@example.com",
                "GIT_COMMITTER_NAME": "Eve", "GIT_COMMITTER_EMAIL": "eve@example.com",
            ]),
            input: .array(input),
            output: .string(limit: 1 << 20)
        )
        return result.standardOutput.split(separator: "\n").first.map(String.init) ?? ""
    }

    /// Turns the mirror's packs into loose objects and removes one.
    func unpack(mirrorWithout blob: String) async throws {
        let objects = URL(filePath: mirrorPath).appending(path: "objects")
        let packs = objects.appending(path: "pack")
        let moved = folder.appending(path: "packs")
        try FileManager.default.moveItem(at: packs, to: moved)
        try FileManager.default.createDirectory(at: packs, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: moved.path) {
            guard name.hasSuffix(".pack"),
                let pack = FileManager.default.contents(atPath: moved.appending(path: name).path)
            else { continue }
            try await git(["unpack-objects", "-q"], in: mirrorPath, input: Array(pack))
        }
        let file = objects.appending(path: "\(blob.prefix(2))/\(blob.dropFirst(2))")
        try? FileManager.default.removeItem(at: file)
    }

    static func bytes(ofID hex: String) -> [UInt8]? {
        let digits = Array(hex)
        guard digits.count == 40 else { return nil }
        return stride(from: 0, to: 40, by: 2)
            .compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }
}
