import Foundation
import GitSource
import MeshModel
import Testing

@Suite struct GitMirrorTests {
    @Test func aPushedCommitIsReadWithItsFiles() async throws {
        try await withTeam { team in
            let commit = try await team.push(
                ["mesh/a.yaml": "kind: Mesh\n", "mesh/sub/b.yml": "b", "other/c.yaml": "c"],
                message: "Declare the mesh\n\nBecause."
            )
            let mirror = try team.mirror()
            let revision = try await mirror.newest(under: "mesh")
            #expect(revision.commit == commit)
            #expect(revision.description == "main@sha1:\(commit)")
            #expect(revision.author == "Ada <ada@example.com>")
            #expect(revision.subject == "Declare the mesh")
            let tree = try await mirror.tree(at: revision, under: "mesh")
            #expect(tree.files.map(\.path) == ["mesh/a.yaml", "mesh/sub/b.yml"])
            #expect(tree.files.first?.bytes == Array("kind: Mesh\n".utf8))
            #expect(tree.problems.isEmpty)
        }
    }

    @Test func theRootIsAFolderToo() async throws {
        try await withTeam { team in
            try await team.push(["a.yaml": "a", "sub/b.yaml": "b"])
            let mirror = try team.mirror(remote: team.originPath)
            let revision = try await mirror.newest(under: ".")
            let tree = try await mirror.tree(at: revision, under: "./")
            #expect(tree.files.map(\.path) == ["a.yaml", "sub/b.yaml"])
        }
    }

    @Test func aMovedBranchIsFetchedAndAnOlderCommitStaysReadable() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "one"])
            let mirror = try team.mirror()
            let first = try await mirror.newest(under: "mesh")
            let same = try await mirror.newest(under: "mesh")
            #expect(same == first)
            try await team.push(["mesh/a.yaml": "two"])
            let second = try await mirror.newest(under: "mesh")
            #expect(second.commit != first.commit)
            #expect(second.tree != first.tree)
            let old = try await mirror.tree(at: first, under: "mesh")
            #expect(old.files.map(\.bytes) == [Array("one".utf8)])
            #expect(try await mirror.isAncestor(first.commit, of: second.commit))
            #expect(try await !mirror.isAncestor(second.commit, of: first.commit))
        }
    }

    @Test func whatNobodySawOfTheBranchCanBeAskedFor() async throws {
        try await withTeam { team in
            let mirror = try team.mirror()
            let first = try await team.push(["mesh/a.yaml": "one"])
            let second = try await team.push(["mesh/a.yaml": "two"])
            try await team.push(["other/a.yaml": "none of its business"])
            let third = try await team.push(["mesh/a.yaml": "three"])
            let last = try await team.push(["mesh/a.yaml": "four"])
            // Of a merge only what the branch itself was at.
            let side = try await team.push(["mesh/b.yaml": "aside"], branch: "side")
            let tree = try await team.git(["rev-parse", "\(last)^{tree}"])
            let merge = try await team.git(
                ["commit-tree", tree, "-p", last, "-p", side, "-m", "Merge"]
            )
            try await team.git(["update-ref", "refs/heads/main", merge])
            #expect(try await mirror.newest(under: "mesh").commit == merge)
            func skipped(_ old: String, _ new: String, _ limit: Int = 100) async throws -> [String]
            {
                try await mirror.skipped(after: old, before: new, under: "mesh", ofNewest: limit)
                    .map(\.commit)
            }
            #expect(try await skipped(first, merge) == [last, third, second])
            #expect(try await skipped(first, merge, 3) == [last, third])
            #expect(try await skipped(second, third).isEmpty)
            #expect(try await skipped(last, first).isEmpty, "the branch was set back")
            #expect(try await skipped(first, first).isEmpty)
            #expect(try await skipped(String(repeating: "0", count: 40), merge).isEmpty)
        }
    }

    /// `--repo .` in a work tree reads its commits, never what lies in the folder.
    @Test func aWorkTreeIsARemoteOfItsCommits() async throws {
        try await withTeam { team in
            let commit = try await team.push(["mesh/a.yaml": "committed"])
            let tree = team.folder.appending(path: "work").path
            try await team.git(["clone", "-q", team.originPath, tree])
            try Data("edited".utf8).write(to: URL(filePath: tree + "/mesh/a.yaml"))
            for remote in [tree, tree + "/", "file://" + tree, tree + "/.git"] {
                let mirror = try team.mirror(remote: remote)
                let revision = try await mirror.newest(under: "mesh")
                #expect(revision.commit == commit)
                let files = try await mirror.tree(at: revision, under: "mesh").files
                #expect(files.map(\.bytes) == [Array("committed".utf8)])
            }
            for remote in [tree + "/mesh", team.folder.path + "/nowhere"] {
                let error = await gitError {
                    _ = try await team.mirror(remote: remote).newest(under: "mesh")
                }
                #expect(error?.code == .fileSystem)
                #expect(error?.nextStep?.contains("repository") == true)
            }
        }
    }

    /// Build systems clone only a few commits.
    @Test func aShallowCloneIsNamed() async throws {
        try await withTeam { team in
            for number in 0..<3 { try await team.push(["mesh/a.yaml": "\(number)"]) }
            let tree = team.folder.appending(path: "work").path
            try await team.git(["clone", "-q", "--depth", "1", "file://" + team.originPath, tree])
            let error = await gitError {
                _ = try await team.mirror(remote: tree).newest(under: "mesh")
            }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains("shallow") == true)
            try await team.git(["fetch", "-q", "--unshallow"], in: tree + "/.git")
            let revision = try await team.mirror(remote: tree).newest(under: "mesh")
            #expect(revision.ref == "main")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a folder away"))
    func aRepositoryOfAnotherUserIsNamed() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            #expect(chown(team.originPath, 4711, 4711) == 0)
            let error = await gitError { _ = try await team.mirror().newest(under: "mesh") }
            #expect(error?.message == "the repository belongs to another user")
        }
    }

    @Test func theLimitOfBytesHoldsForALocalRemoteToo() async throws {
        try await withTeam { team in
            let noise = (0..<200_000).map { _ in String(UInt8.random(in: 0...9)) }
            try await team.push(["mesh/a.yaml": noise.joined()])
            let mirror = try team.mirror { $0.receivedLimit = 10_000 }
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .tooLarge)
        }
    }
}
