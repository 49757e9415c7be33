import Foundation
import LocalMesh
import MeshModel
import Testing

/// The contract of a store, held to by every one of them.
struct StoreTests {
    enum Medium: String, CaseIterable, Sendable {
        case memory
        case sqlite
    }

    private func withStore(
        _ medium: Medium,
        _ body: (any MeshStore) throws -> Void
    ) async throws {
        switch medium {
        case .memory:
            try body(MemoryStore())
        case .sqlite:
            try await withFolder { try body(SQLiteStore(path: $0.appending(path: "m").path)) }
        }
    }

    @Test(arguments: Medium.allCases)
    func commitsAllOrNothingAtItsRevision(medium: Medium) async throws {
        try await withStore(medium) { store throws in
            #expect(try store.load() == StoreContent(revision: 0, values: [:]))
            let first: [StoreChange] = [
                .put(key: "a", value: [1]), .put(key: "b", value: []),
                .put(key: "c", value: [0, 255]),
            ]
            #expect(try store.commit(first, at: 0) == 1)
            #expect(try store.commit([.delete(key: "a")], at: 0) == nil, "the store has moved on")
            #expect(try store.load().values == ["a": [1], "b": [], "c": [0, 255]])
            let second: [StoreChange] = [
                .delete(key: "a"), .delete(key: "never"), .put(key: "b", value: [2]),
            ]
            #expect(try store.commit(second, at: 1) == 2)
            let expected = StoreContent(revision: 2, values: ["b": [2], "c": [0, 255]])
            #expect(try store.load() == expected)
        }
    }

    @Test func aFileKeepsWhatWasCommitted() async throws {
        try await withFolder { folder in
            let path = folder.appending(path: "mesh.sqlite").path
            _ = try SQLiteStore(path: path).commit([.put(key: "a", value: [7])], at: 0)
            let content = try SQLiteStore(path: path).load()
            #expect(content == StoreContent(revision: 1, values: ["a": [7]]))
        }
    }

    @Test func aFileInUseIsRefused() async throws {
        try await withFolder { folder in
            let path = folder.appending(path: "mesh.sqlite").path
            let first = try SQLiteStore(path: path)
            let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
            #expect(error?.message.contains("locked") == true)
            #expect(try first.commit([.put(key: "a", value: [1])], at: 0) == 1)
        }
    }

    @Test func anotherFileIsRefusedByName() async throws {
        try await withFolder { folder in
            let path = folder.appending(path: "notes.txt").path
            try Data(String(repeating: "no database ", count: 500).utf8)
                .write(
                    to: URL(filePath: path)
                )
            let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test func aMeshSurvivesARestart() async throws {
        try await withFolder { folder in
            let file = folder.appending(path: "mesh.sqlite").path
            let paths = Sample.resources.map { "\($0.path)/\($0.name)" }
            let before = try await withMesh {
                $0.state = file
            } _: { probe in
                try await probe.buildShop()
                try await probe.put("/meshes/shop/virtualNodes/web-v1", ["spec": Sample.node])
                return try await bodies(probe, paths)
            }
            let after = try await withMesh {
                $0.state = file
            } _: { probe in
                try await bodies(probe, paths)
            }
            #expect(before == after)
            #expect(before.allSatisfy { $0["metadata"] != nil })
        }
    }

    private func bodies(_ probe: Probe, _ paths: [String]) async throws -> [SpecValue] {
        var bodies: [SpecValue] = []
        for path in paths { bodies.append(try await probe.get(path).body) }
        return bodies
    }

    @Test func acknowledgedWritesSurviveKill9() async throws {
        try await withFolder { folder in
            let file = folder.appending(path: "mesh.sqlite").path
            await #expect(processExitsWith: .signal(SIGKILL)) { [file = file as String] in
                try await withMesh {
                    $0.state = file
                    $0.quotas = .all(1000)
                } _: { probe in
                    for number in 0..<40 {
                        try await probe.create("/meshes", "meshName", "m\(number)", [:])
                    }
                    kill(getpid(), SIGKILL)
                }
            }
            let found = try await withMesh {
                $0.state = file
            } _: { probe in
                try await probe.get("/meshes?limit=100").body["meshes"]?.items?.count
            }
            #expect(found == 40)
        }
    }
}
