import Foundation
import GitSource
import MeshModel
import Testing

@Suite struct GitRepositoryWriterTests {
    @Test func commitsBuildOnEachOther() async throws {
        try await withTeam { team in
            let author = GitAuthor(name: "Grace", mail: "grace@example.com", time: 1_700_000_123)
            _ = try await team.writer.commit(
                ["a.yaml": .write([1]), "b/c.yaml": .write([2])],
                message: "First",
                author: author
            )
            let second = try await team.writer.commit(
                ["a.yaml": .remove, "b/d.yaml": .write([3])],
                message: "Second",
                author: author
            )
            try await team.writer.push(to: RemoteAddress("file://" + team.originPath))
            let names = try await team.git(["ls-tree", "-r", "--name-only", "-z", second])
            #expect(names == "b/c.yaml\u{0}b/d.yaml\u{0}")
            let log = try await team.git(["log", "--format=%an <%ae> %at %s", "-1", "main"])
            #expect(log == "Grace <grace@example.com> 1700000123 Second")
            #expect(try await team.git(["rev-list", "--count", "main"]) == "2")
            #expect(try await team.git(["fsck", "--strict"]).isEmpty)
        }
    }

    @Test func aPushThatWouldRewindIsRefused() async throws {
        try await withTeam { team in
            try await team.push(["a.yaml": "a"])
            let other = GitRepositoryWriter(directory: team.folder.appending(path: "o.git").path)
            try await other.create()
            let commit = try await other.commit(
                ["a.yaml": .write([])],
                message: "Unrelated",
                author: Team.author
            )
            let origin = try RemoteAddress(team.originPath)
            await #expect(throws: GitError.self) { try await other.push(to: origin) }
            try await other.push(to: origin, rewinding: true)
            #expect(try await team.git(["rev-parse", "main"]) == commit)
        }
    }

    @Test func whatIsNotThereCannotBeRemoved() async throws {
        try await withTeam { team in
            await #expect(throws: GitError.self) {
                try await team.writer.commit(
                    ["a.yaml": .remove],
                    message: "Remove",
                    author: Team.author
                )
            }
        }
    }
}
