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
}
