import Foundation
import GitSource
import MeshModel
import Testing

/// What is live can be committed.
@Suite(.timeLimit(.minutes(2))) struct ExportCommandTests {
    @Test func anExportThatIsCommittedPlansNothing() async throws {
        try await World.with { world in
            try await world.apply()
            let out = world.folder + "/out"
            let place = ["--endpoint", world.endpoint, "--region", "eu-west-1"]
            let exported = try await Program.run(arguments: ["export", "--out", out] + place)
            #expect(exported.exitCode == 0, "\(exported.errors)")
            #expect(exported.output == "Wrote 38 files to '\(out)'\n")
            try await world.commit(try files(out, under: "exported"))
            let flags = ["--path", "exported", "--mesh", "shop"]
            let planned = try await world.run("plan", flags: flags)
            #expect(planned.exitCode == 0, "\(planned.output)\(planned.errors)")
            #expect(planned.output.contains("nothing to change"))
            #expect(!planned.output.contains("deferred"))

            let again = try await Program.run(arguments: ["export", "--out", out] + place)
            #expect(again.exitCode == 0, "the same text overwrites nothing")
            let file = out + "/virtualNode/cart.yaml"
            try Data("# mine\n".utf8).write(to: URL(filePath: file))
            let refused = try await Program.run(arguments: ["export", "--out", out] + place)
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains("'\(file)': it is there and says something else"))
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "# mine\n")
        }
    }

    @Test func theDocumentsThemselvesValidate() async throws {
        try await World.with { world in
            try await world.apply()
            let place = ["--endpoint", world.endpoint, "--region", "eu-west-1"]
            let documents = try await Program.run(arguments: ["export"] + place)
            #expect(documents.exitCode == 0)
            let file = world.folder + "/all.yaml"
            try Data(documents.output.utf8).write(to: URL(filePath: file))
            let valid = try await Program.run("validate", "--strict", file)
            #expect(valid.exitCode == 0, "\(valid.output)")
            #expect(valid.output.contains("38 resources"), "\(valid.output)")
        }
    }

    @Test func aMeshThatIsNotThereIsNamed() async throws {
        try await World.with { world in
            let place = ["--endpoint", world.endpoint, "--region", "eu-west-1"]
            let none = try await Program.run(arguments: ["export"] + place)
            #expect(none.exitCode == 1)
            #expect(none.errors.contains("it has no mesh"), "\(none.errors)")
            try await world.apply()
            let wrong = try await Program.run(arguments: ["export", "--mesh", "shp"] + place)
            #expect(wrong.exitCode == 1)
            #expect(wrong.errors.contains("no mesh 'shp'; it has 'shop'"), "\(wrong.errors)")
        }
    }

    /// The files of a folder as the content of a commit.
    private func files(_ folder: String, under prefix: String) throws -> [String: GitChange] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
        var files: [String: GitChange] = [:]
        for name in names where name.hasSuffix(".yaml") {
            let bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
            files["\(prefix)/\(name)"] = .write(Array(bytes))
        }
        return files
    }
}
