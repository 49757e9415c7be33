import Foundation
import GitSource
import MeshModel
import Testing

/// Commits that somebody asks for by name, of whom the mirror knows or not.
@Suite struct FindingTests {
    @Test func aCommitOfTheBranchIsFoundByTheBeginningOfItsDigitsWithoutTheRemote() async throws {
        try await withTeam { team in
            let first = try await team.push(["mesh/a.yaml": "one"])
            try await team.push(["mesh/a.yaml": "two"])
            let mirror = try team.mirror()
            _ = try await mirror.newest(under: "mesh")
            try FileManager.default.removeItem(atPath: team.originPath)
            for count in [7, 12, 40] {
                let digits = String(first.prefix(count))
                let found = try await mirror.find(.commit(digits), under: "mesh")
                #expect(found?.description == "main@sha1:\(first)", "\(digits)")
            }
            let asRef = try await mirror.find(.ref(first), under: "mesh")
            #expect(asRef?.commit == first)
        }
    }

    @Test func aPullRequestIsFetchedByItsBranchItsCommitOrItsRef() async throws {
        let names: [(String) -> CommitName] = [
            { _ in .ref("feature/cart") }, { _ in .ref("refs/heads/feature/cart") },
            { .commit($0) }, { .commit(String($0.prefix(10))) },
        ]
        for name in names {
            try await withTeam { team in
                try await team.push(["mesh/a.yaml": "one"])
                let mirror = try team.mirror()
                let main = try await mirror.newest(under: "mesh")
                let head = try await team.push(["mesh/a.yaml": "pr"], branch: "feature/cart")
                let found = try #require(try await mirror.find(name(head), under: "mesh"))
                #expect(found.description == "feature/cart@sha1:\(head)")
                let files = try await mirror.tree(at: found, under: "mesh").files
                #expect(files.map(\.bytes) == [Array("pr".utf8)])
                #expect(try await mirror.newest(under: "mesh") == main, "the branch is another")
            }
        }
    }

    /// A data center keeps the head of a pull request apart from the branches.
    @Test func aPullRequestOfADataCenterIsFoundByItsRefAndItsCommit() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "one"])
            let head = try await team.push(["mesh/a.yaml": "pr"], branch: "fork")
            let ref = "refs/pull-requests/7/from"
            try await team.git(["update-ref", ref, head])
            try await team.git(["update-ref", "-d", "refs/heads/fork"])
            let mirror = try team.mirror()
            let byRef = try await mirror.find(.ref(ref), under: "mesh")
            #expect(byRef?.commit == head)
            let byCommit = try await mirror.find(.commit(head), under: "mesh")
            #expect(byCommit?.ref == ref)
        }
    }

    @Test func whatTheBranchContainsIsARevisionOfTheBranch() async throws {
        try await withTeam { team in
            let commit = try await team.push(["mesh/a.yaml": "one"])
            try await team.git(["update-ref", "refs/heads/old", commit])
            try await team.push(["mesh/a.yaml": "two"])
            let mirror = try team.mirror()
            _ = try await mirror.newest(under: "mesh")
            let found = try await mirror.find(.ref("old"), under: "mesh")
            #expect(found?.description == "main@sha1:\(commit)")
        }
    }

    @Test func whatTheRemoteDoesNotHaveIsNotFound() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "one"])
            let mirror = try team.mirror()
            let gone = try await team.push(["mesh/a.yaml": "gone"], branch: "gone")
            _ = try await mirror.find(.ref("gone"), under: "mesh")
            try await team.git(["update-ref", "-d", "refs/heads/gone"])
            let names: [CommitName] = [
                .ref("gone"), .ref("no..ref"), .ref(""), .ref("--upload-pack=x"),
                .commit(String(repeating: "a", count: 40)), .commit("abc"), .commit("xyz1"),
                // It is here, and the remote has it no more.
                .commit(gone),
            ]
            for name in names {
                #expect(try await mirror.find(name, under: "mesh") == nil, "\(name)")
            }
        }
    }

    @Test func aCommitWithoutTheFolderSaysSo() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "one"])
            let mirror = try team.mirror()
            let error = await gitError { _ = try await mirror.find(.ref("main"), under: "other") }
            #expect(error?.code == .pathNotFound)
        }
    }
}
