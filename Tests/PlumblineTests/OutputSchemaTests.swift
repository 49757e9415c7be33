import Foundation
import GitSource
import MeshModel
import Testing

/// What commands print for programs is what the schemas in the tree say.
@Suite(.timeLimit(.minutes(2))) struct OutputSchemaTests {
    /// The schema lists what the enumeration of the code holds, so neither can grow alone.
    @Test func schemaKnowsEveryEvent() throws {
        let events = try JSONSchemas.read("event")["properties"]?["event"]?["enum"]?.items
        #expect(events == EventKind.allCases.map { .string($0.rawValue) })
    }

    @Test(.enabled(if: Python.canJudge, Python.advice))
    func oneObjectFitsItsSchema() async throws {
        try await World.with { world in
            let bad = world.folder + "/bad.yaml"
            try Data("kind: Mesh\nmeshNam: shop\n".utf8).write(to: URL(filePath: bad))
            let shop = Place.root.appending(path: World.path).path
            for (path, code) in [(shop, 0), (bad, 1), (world.folder + "/none", 1)] {
                try await expect("validate", ["validate", path], exit: Int32(code))
            }
            try await expect("plan", ["plan", "--explain"] + world.target, exit: 2)
            try await expect("drift", ["drift"] + world.target, exit: 0)
            try await world.apply()
            try await world.edit("/virtualRouter/catalog/routes/main") {
                $0.replacing("\"maxRetries\":2", with: "\"maxRetries\":9")
            }
            try await expect("drift", ["drift"] + world.target, exit: 2)
            try await expect("plan", ["plan"] + world.target, exit: 2)
            let edited = ["explain", "virtualRouter/catalog/route/main"] + world.target
            try await expect("explanation", edited, exit: 0)
            let export = ["export", "--endpoint", world.endpoint, "--region", "eu-west-1"]
            try await expect("export", export, exit: 0)
            try await expect("export", export + ["--out", world.folder + "/out"], exit: 0)
            let nowhere = ["export", "--endpoint", "http://127.0.0.1:1", "--region", "eu-west-1"]
            try await expect("error", nowhere, exit: 1)
            try await expect("error", ["audit", "log", "--state", world.folder + "/no"], exit: 1)
            try await world.commit(["\(World.path)/bad.yaml": .write(Array("kind: [".utf8))])
            for command in ["plan", "drift"] {
                try await expect("validate", [command] + world.target, exit: 1)
            }
        }
    }

    @Test(.enabled(if: Python.canJudge, Python.advice))
    func everyLineOfAnApplyFitsItsSchema() async throws {
        try await Canary.with { world, traffic in
            let flags = ["--yes", "-o", "json"] + traffic.flags
            var output = ""
            func apply(_ more: [String] = [], exit: Int32) async throws {
                let applied = try await world.run("apply", flags: flags + more)
                #expect(applied.exitCode == exit, "\(applied.output)\(applied.errors)")
                let last = try #require(try applied.events().last)
                #expect(last["event"] == "finished")
                #expect(last["exit"] == .integer(Int64(exit)))
                output += applied.output
            }
            traffic.setHealth(of: "checkout-v2", 80)
            try await apply(exit: 5)
            try await apply(exit: 3)
            traffic.setHealth(of: "checkout-v2", 100)
            try await world.edit("/virtualRouter/catalog/routes/main") {
                $0.replacing("\"maxRetries\":2", with: "\"maxRetries\":9")
            }
            try await apply(["--release", "virtualRouter/checkout/route/main"], exit: 0)
            var shop = try Shop()
            try shop.shiftCheckout(to: 100)
            shop.addService("search")
            try await world.commit(shop)
            try await apply(exit: 0)
            shop.empty("search.yaml")
            try await world.commit(shop)
            try await apply(["--prune"], exit: 0)
            try await apply(["--ref", "nowhere"], exit: 1)
            let nowhere = ["export", "--endpoint", "http://127.0.0.1:1", "--region", "eu-west-1"]
            try await expect("error", nowhere, exit: 1)
            try await expect("error", ["audit", "log", "--state", world.folder + "/no"], exit: 1)
            try await world.commit(["\(World.path)/bad.yaml": .write(Array("kind: [".utf8))])
            try await apply(exit: 1)
            #expect(try await JSONSchemas.complaints(output, "event") == "")
            for kind in [
                "planned", "intent", "outcome", "applied", "stepped", "measured", "verdict",
                "promoted", "rolledBack", "held", "released", "driftFound", "driftCorrected",
                "pruned", "finished",
            ] {
                #expect(output.contains(#""event":"\#(kind)""#), "\(kind) was not seen")
            }
        }
    }

    /// The whole story, and in it what every reader of the stream may rely on.
    @Test(.enabled(if: Python.canJudge, Python.advice))
    func everyLineOfTheDemoFitsItsSchema() async throws {
        let demo = try await Program.run("demo", "-o", "json")
        #expect(demo.exitCode == 0, "\(demo.errors)")
        #expect(try await JSONSchemas.complaints(demo.output, "event") == "")
        let events = try demo.events()
        for kind in [
            "applied", "stepped", "promoted", "rolledBack", "driftFound", "driftCorrected",
            "auditVerified",
        ] {
            let revisions = events.filter { $0["event"]?.text == kind }.map { $0["revision"] }
            #expect(!revisions.isEmpty && revisions.allSatisfy { $0?.text != nil }, "\(kind)")
        }
        #expect(events.last?["event"]?.text == "finished")
        #expect(events.last?["exit"]?.integer == 0)
    }

    private func expect(_ schema: String, _ arguments: [String], exit: Int32) async throws {
        let said = try await Program.run(arguments: arguments + ["-o", "json"])
        #expect(said.exitCode == exit, "\(arguments): \(said.output)\(said.errors)")
        _ = try said.json()
        let complaints = try await JSONSchemas.complaints(said.output, schema)
        #expect(complaints == "", "\(arguments)")
    }
}
