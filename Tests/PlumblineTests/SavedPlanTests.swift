import Foundation
import GitSource
import MeshModel
import Testing

/// `plan --out FILE` and `apply --plan FILE`.
@Suite(.timeLimit(.minutes(3))) struct SavedPlanTests {
    @Test func aSavedPlanIsAppliedAsItIsAndOnce() async throws {
        try await World.with { world in
            let file = world.folder + "/first.plan"
            let planned = try await world.run("plan", "--out", file)
            #expect(planned.exitCode == 2, "\(planned.errors)")
            #expect(planned.errors.contains("Saved plan "), "\(planned.errors)")
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let names = try FileManager.default.contentsOfDirectory(atPath: world.folder)
            #expect(!names.contains { $0.hasPrefix("first.plan.new") }, "\(names)")

            let asked = try await world.run("apply", "--plan", file)
            #expect(asked.exitCode == 3, "\(asked.output)\(asked.errors)")
            try await world.apply("--plan", file)
            try await world.expectInSync()
            let again = try await world.run("apply", "--yes", "--plan", file)
            #expect(again.exitCode == 4, "\(again.output)\(again.errors)")
            #expect(
                again.errors.contains("live virtualNode/cart (there now)"),
                "\(again.errors)"
            )
        }
    }

    @Test func anInputThatMovedIsNamedAndNothingIsWritten() async throws {
        try await World.with { world in
            try await world.apply()
            var shop = try Shop()
            shop.addService("search")
            try shop.edit("catalog.yaml", "maxRetries: 2", "maxRetries: 4")
            try await world.commit(shop)
            let file = world.folder + "/saved.plan"
            func refuse(_ because: String, _ flags: String...) async throws {
                let applied = try await world.run(
                    "apply",
                    flags: ["--yes", "--plan", file] + flags
                )
                #expect(applied.exitCode == 4, "\(because): \(applied.output)\(applied.errors)")
                #expect(applied.errors.contains(because), "\(applied.errors)")
                #expect(applied.errors.contains("nothing was written, plan anew"))
                #expect(!applied.output.contains("created"))
            }
            #expect(try await world.run("plan", "--out", file).exitCode == 2)
            try await refuse("inputs moved: the variables", "--set", "X=1")

            // A stranger touches what the plan updates, then something that it did not reach.
            try await world.edit("/virtualRouter/catalog/routes/main") {
                $0.replacing("\"maxRetries\":2", with: "\"maxRetries\":3")
            }
            try await refuse("live virtualRouter/catalog/route/main (version 1 before, 2 now)")

            #expect(try await world.run("plan", "--out", file).exitCode == 2)
            shop.addService("reviews")
            try await world.commit(shop)
            try await refuse("the revision's tree ('")
            try await world.commit(["\(World.path)/bad.yaml": .write(Array("kind: [".utf8))])
            try await refuse("which have errors")
        }
    }

    @Test func theOptionsOfThePlanAreThoseOfTheApply() async throws {
        try await World.with { world in
            var shop = try Shop()
            shop.addService("search")
            try await world.commit(shop)
            try await world.apply()
            shop.empty("search.yaml")
            shop.addService("reviews")
            try await world.commit(shop)
            let file = world.folder + "/saved.plan"
            let flags = ["--prune", "--only", "virtualNode/search", "--out", file]
            #expect(try await world.run("plan", flags: flags).exitCode == 2)
            let wrong = try await world.run("apply", "--yes", "--plan", file, "--prune")
            #expect(wrong.exitCode == 64)
            #expect(wrong.errors.contains("leave out --prune"), "\(wrong.errors)")
            let applied = try await world.apply("--plan", file)
            #expect(applied.output.contains("- deleted virtualNode/search"), "\(applied.output)")
            #expect(!applied.output.contains("virtualNode/reviews  created"))
            let left = try await world.run("plan")
            #expect(left.output.contains("+ virtualNode/reviews"), "\(left.output)")
        }
    }

    @Test func aFileThatIsNoPlanIsAnError() async throws {
        try await World.with { world in
            let file = world.folder + "/saved.plan"
            #expect(try await world.run("plan", "--out", file).exitCode == 2)
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let other = world.folder + "/other.plan"
            for (content, reason) in [
                (text.replacing("DROP_ALL", with: "ALLOW_ALL"), "it was altered"),
                (text.replacing("saved-plan/v1", with: "saved-plan/v9"), "saved-plan/v9"),
                (String(text.dropLast(9)), "no saved plan"), ("\u{1B}[2J", "no saved plan"),
            ] {
                try content.write(toFile: other, atomically: true, encoding: .utf8)
                let refused = try await world.run("apply", "--yes", "--plan", other)
                #expect(refused.exitCode == 1, "\(reason): \(refused.output)\(refused.errors)")
                #expect(refused.errors.contains(reason), "\(refused.errors)")
            }
            let missing = try await world.run("apply", "--yes", "--plan", world.folder + "/none")
            #expect(missing.exitCode == 1)
            #expect(missing.errors.contains("no such readable file"))
            #expect(try await world.meshes().isEmpty)

            let folder = try await world.run("plan", "--out", world.folder)
            #expect(folder.exitCode == 1, "\(folder.output)")
            #expect(folder.errors.contains("no ordinary file"), "\(folder.errors)")
        }
    }

    @Test(.enabled(if: Python.canJudge, Python.advice))
    func theFileAndTheEventsFitTheirSchemas() async throws {
        try await World.with { world in
            let file = world.folder + "/saved.plan"
            let planned = try await world.run("plan", "--out", file, "-o", "json")
            #expect(try await JSONSchemas.complaints(planned.output, "plan") == "")
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(try await JSONSchemas.complaints(text, "saved-plan") == "")
            let applied = try await world.apply("--plan", file, "-o", "json")
            #expect(try await JSONSchemas.complaints(applied.output, "event") == "")
            let id = try planned.json()["plan"]
            let events = try applied.events()
            #expect(events.first { $0["event"] == "planned" }?["plan"] == id)
            let again = try await world.run("apply", "--yes", "--plan", file, "-o", "json")
            #expect(again.exitCode == 4)
            #expect(try await JSONSchemas.complaints(again.output, "event") == "")
            #expect(try again.events().last?["exit"] == 4)
        }
    }
}
