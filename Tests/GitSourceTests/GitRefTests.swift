import Foundation
import GitSource
import MeshModel
import Testing

/// What a target may follow, and how a ref may move.
@Suite struct GitRefTests {
    @Test func aBranchThatIsNotThereIsNamedWithThoseThatAre() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            try await team.push(["mesh/a.yaml": "a"], branch: "staging")
            let error = await gitError {
                _ = try await team.mirror(ref: "mian").newest(under: "mesh")
            }
            #expect(error?.code == .refNotFound)
            #expect(error?.message == "the remote has no branch or tag 'mian'")
            #expect(error?.nextStep == "it has 'main', 'staging'")
        }
    }

    @Test func anEmptyRepositoryIsNamed() async throws {
        try await withTeam { team in
            let error = await gitError { _ = try await team.mirror().newest(under: "mesh") }
            #expect(error?.code == .empty)
        }
    }

    @Test func aFolderThatIsNotThereIsNamed() async throws {
        try await withTeam { team in
            let commit = try await team.push(["mesh/a.yaml": "a"])
            let mirror = try team.mirror()
            let missing = await gitError { _ = try await mirror.newest(under: "mush") }
            #expect(missing?.code == .pathNotFound)
            #expect(missing?.description.contains("main@sha1:\(commit)") == true)
            let file = await gitError { _ = try await mirror.newest(under: "mesh/a.yaml") }
            #expect(file?.message == "'mesh/a.yaml' is no folder in it")
            let outside = await gitError { _ = try await mirror.newest(under: "mesh/../..") }
            #expect(outside?.code == .invalid)
        }
    }

    @Test func tagsAreFollowedLightAndAnnotated() async throws {
        try await withTeam { team in
            let commit = try await team.push(["mesh/a.yaml": "a"])
            try await team.git(["tag", "light", commit])
            try await team.git(["tag", "-a", "-m", "One", "v1", commit])
            try await team.push(["mesh/a.yaml": "b"])
            for tag in ["light", "v1", "refs/tags/v1"] {
                let mirror = try team.mirror(ref: tag)
                let revision = try await mirror.newest(under: "mesh")
                #expect(revision.commit == commit)
                #expect(revision.ref == tag.replacing("refs/tags/", with: ""))
                #expect(try await mirror.newest(under: "mesh") == revision)
            }
        }
    }

    @Test func aTagOfSomethingElseIsNoRevision() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let blob = try await team.write("blob", Array("b".utf8))
            try await team.git(["update-ref", "refs/tags/blob", blob])
            let error = await gitError {
                _ = try await team.mirror(ref: "blob").newest(under: "mesh")
            }
            #expect(error?.message == "'blob' names no commit")
        }
    }

    @Test func aCommitIsFollowedWhileABranchReachesIt() async throws {
        try await withTeam { team in
            let old = try await team.push(["mesh/a.yaml": "a"])
            try await team.push(["mesh/a.yaml": "b"])
            let revision = try await team.mirror(ref: old).newest(under: "mesh")
            #expect(revision.commit == old)
            // It is in the mirror and cannot change: the remote is not needed any more.
            try FileManager.default.removeItem(atPath: team.originPath)
            let again = try await team.mirror(ref: old).newest(under: "mesh")
            #expect(again == revision)
        }
    }

    @Test func aCommitThatNothingReachesIsRefused() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let tree = try await team.git(["rev-parse", "main^{tree}"])
            let loose = try await team.git(["commit-tree", tree, "-m", "Loose"])
            for commit in [loose, String(repeating: "ab", count: 20)] {
                let error = await gitError {
                    _ = try await team.mirror(ref: commit).newest(under: "mesh")
                }
                #expect(error?.code == .refNotFound)
                #expect(error?.message.contains(commit) == true)
            }
        }
    }

    @Test func aRewoundBranchIsReadAndSeen() async throws {
        try await withTeam { team in
            let first = try await team.push(["mesh/a.yaml": "one"])
            try await team.push(["mesh/a.yaml": "two"])
            let mirror = try team.mirror()
            let second = try await mirror.newest(under: "mesh")
            try await team.git(["update-ref", "refs/heads/main", first])
            let rewound = try await mirror.newest(under: "mesh")
            #expect(rewound.commit == first)
            #expect(try await !mirror.isAncestor(second.commit, of: rewound.commit))
            #expect(try await mirror.isAncestor(first, of: first))
            let unknown = String(repeating: "ab", count: 20)
            #expect(try await !mirror.isAncestor(unknown, of: first))
            #expect(try await !mirror.isAncestor("not an id", of: first))
        }
    }

    @Test func aMirrorThatIsPointedElsewhereAnswersWithTheOtherRemote() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let first = try await team.mirror().newest(under: "mesh")
            let other = GitRepositoryWriter(directory: team.folder.appending(path: "o.git").path)
            try await other.create()
            let commit = try await other.commit(
                ["mesh/a.yaml": .write([])],
                message: "Other",
                author: Team.author
            )
            let remote = team.folder.appending(path: "o.git").path
            let second = try await team.mirror(remote: remote).newest(under: "mesh")
            #expect(second.commit == commit)
            #expect(try await team.mirror().newest(under: "mesh") == first)
        }
    }

    @Test func attemptsSideBySideAgreeAndLeaveNothingBehind() async throws {
        try await withTeam { team in
            let commit = try await team.push(["mesh/a.yaml": "a"])
            let mirror = try team.mirror()
            async let first = mirror.newest(under: "mesh")
            async let second = mirror.newest(under: "mesh")
            #expect(try await [first.commit, second.commit] == [commit, commit])
            let attempts = try await team.git(
                ["for-each-ref", "refs/plumbline/attempt"],
                in: team.mirrorPath
            )
            #expect(attempts.isEmpty)
        }
    }

    @Test func whatADeadAttemptLeftIsSweptAtTheStart() async throws {
        try await withTeam { team in
            let commit = try await team.push(["mesh/a.yaml": "a"])
            _ = try await team.mirror().newest(under: "mesh")
            let stale = "refs/plumbline/attempt/1-2/heads/main"
            try await team.git(["update-ref", stale, commit], in: team.mirrorPath)
            let pack = team.mirrorPath + "/objects/pack/pack_git2_1076be673783db83"
            try Data("half a pack".utf8).write(to: URL(filePath: pack))
            _ = try await team.mirror().newest(under: "mesh")
            let found = try await team.git(["for-each-ref", stale], in: team.mirrorPath)
            #expect(found.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: pack))
        }
    }

    @Test func aMirrorThatIsLostOrBrokenIsNotTheEnd() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let mirror = try team.mirror()
            let revision = try await mirror.newest(under: "mesh")
            try FileManager.default.removeItem(atPath: team.mirrorPath)
            #expect(try await mirror.newest(under: "mesh") == revision)
            try FileManager.default.removeItem(atPath: team.mirrorPath + "/objects")
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .fileSystem)
            #expect(error?.nextStep?.contains("only a cache") == true)
        }
    }

    @Test func aBadExecutableIsNamed() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            for executable in ["/nowhere/plumbline", "/bin/false", "/bin/cat"] {
                let mirror = try team.mirror {
                    $0.executable = executable
                    $0.timeout = .seconds(5)
                }
                let error = await gitError { _ = try await mirror.newest(under: "mesh") }
                #expect(error?.code == .childFailed, "\(executable): \(String(describing: error))")
            }
        }
    }

    @Test func textOfACommitIsFitForATerminal() async throws {
        try await withTeam { team in
            _ = try await team.writer.commit(
                ["mesh/a.yaml": .write([])],
                message: "\u{1b}[31mRed\u{202e}\n\nBody",
                author: GitAuthor(name: "E\u{7}ve", mail: "eve@example.com", time: 0)
            )
            try await team.writer.push(to: RemoteAddress(team.originPath))
            let revision = try await team.mirror().newest(under: "mesh")
            #expect(revision.subject == "[31mRed")
            #expect(revision.author == "E ve <eve@example.com>")
        }
    }

    @Test(arguments: ["", "a b", "-", "a..b", "main~1", "refs/heads/", "a\u{0}b", "x.lock", "@{1}"])
    func namesThatNoRefCanHaveAreRefused(_ name: String) async {
        let error = await gitError { _ = try WatchedRef(name) }
        #expect(name == "-" ? error == nil : error?.code == .invalid)
    }
}
