import Foundation
import LocalMesh
import MeshModel
import Testing

/// A `clientToken` makes a repeated write the same write.
struct TokenTests {
    @Test func theSameRequestGetsTheSameAnswer() async throws {
        try await withMesh { probe in
            let first = try await probe.create("/meshes", "meshName", "shop", [:], token: "a")
            let again = try await probe.create("/meshes", "meshName", "shop", [:], token: "a")
            #expect(again.status == 200)
            #expect(again.body == first.body)

            let spec: SpecValue = ["egressFilter": ["type": "ALLOW_ALL"]]
            let update: SpecValue = ["clientToken": "b", "spec": spec]
            let changed = try await probe.put("/meshes/shop", update)
            try await probe.put("/meshes/shop", [:])
            let replayed = try await probe.put("/meshes/shop", update)
            #expect(replayed.body == changed.body)
            #expect(try await probe.get("/meshes/shop").version == 3, "a replay writes nothing")
        }
    }

    @Test func anotherRequestIsAConflict() async throws {
        try await withMesh { probe in
            try await probe.create("/meshes", "meshName", "shop", [:], token: "a")
            let name = try await probe.create("/meshes", "meshName", "other", [:], token: "a")
            #expect(name.status == 409)
            #expect(name.errorType == "ConflictException")
            #expect(name.message.contains("client token"))
            let operation = try await probe.put("/meshes/shop", ["clientToken": "a"])
            #expect(operation.status == 409)
            let tags: SpecValue = [["key": "team", "value": "pay"]]
            let tagged = try await probe.put(
                "/meshes",
                ["meshName": "shop", "spec": [:], "tags": tags, "clientToken": "a"]
            )
            #expect(tagged.message.contains("client token"))
        }
    }

    @Test func aRefusedRequestIsNotRemembered() async throws {
        try await withMesh { probe in
            let nodes = "/meshes/shop/virtualNodes"
            let early = try await probe.create(
                nodes,
                "virtualNodeName",
                "a",
                Sample.node,
                token: "a"
            )
            #expect(early.status == 404)
            try await probe.create("/meshes", "meshName", "shop", [:])
            let later = try await probe.create(
                nodes,
                "virtualNodeName",
                "a",
                Sample.node,
                token: "a"
            )
            #expect(later.status == 200)
        }
    }

    @Test func aTokenIsForgottenAfterADay() async throws {
        let clock = TestClock()
        try await withMesh {
            $0.now = { clock.now }
        } _: { probe in
            try await probe.create("/meshes", "meshName", "shop", [:], token: "a")
            clock.advance(by: .seconds(24 * 60 * 60))
            let replay = try await probe.create("/meshes", "meshName", "shop", [:], token: "a")
            #expect(replay.status == 200)
            clock.advance(by: .seconds(1))
            let anew = try await probe.create("/meshes", "meshName", "shop", [:], token: "a")
            #expect(anew.status == 409)
            #expect(anew.message.contains("already exists"))
            let other = try await probe.create("/meshes", "meshName", "other", [:], token: "a")
            #expect(other.status == 200)
        }
    }

    @Test func tokensThatAreTooOldAreSweptAway() async throws {
        let clock = TestClock()
        try await withFolder { folder in
            let file = folder.appending(path: "mesh.sqlite").path
            try await withMesh {
                $0.state = file
                $0.now = { clock.now }
            } _: { probe in
                try await probe.create("/meshes", "meshName", "shop", [:])
                for number in 0..<256 {
                    try await probe.put("/meshes/shop", ["clientToken": .string("t\(number)")])
                }
                clock.advance(by: .seconds(25 * 60 * 60))
                try await probe.put("/meshes/shop", ["clientToken": "new"])
            }
            let keys = try SQLiteStore(path: file).load().values.keys.sorted()
            #expect(keys == ["resource/mesh/shop", "token/new"])
        }
    }

    @Test func aTokenSurvivesARestart() async throws {
        try await withFolder { folder in
            let file = folder.appending(path: "mesh.sqlite").path
            let first = try await withMesh {
                $0.state = file
            } _: { probe in
                try await probe.create("/meshes", "meshName", "shop", [:], token: "a").body
            }
            let again = try await withMesh {
                $0.state = file
            } _: { probe in
                try await probe.create("/meshes", "meshName", "shop", [:], token: "a").body
            }
            #expect(first == again)
        }
    }
}
