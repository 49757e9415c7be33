import MeshModel
import Testing

/// A stranger edits the live mesh.
@Suite(.timeLimit(.minutes(2))) struct DriftCommandTests {
    private static let route = "virtualRouter/catalog/route/main"

    @Test(.enabled(if: Python.canJudge, Python.advice))
    func anEditWithTheAWSCommandLineIsNamedAndPutRight() async throws {
        try await World.with { world in
            try await world.apply()
            let names = ["--mesh-name", "shop", "--virtual-router-name", "catalog"]
            let shown = try await Python.aws(
                world.endpoint,
                ["describe-route", "--route-name", "main"] + names
            )
            #expect(shown.exitCode == 0, "\(shown.errors)")
            let spec = try #require(try SpecValue(json: shown.output.utf8)["route"]?["spec"])
            let changed = spec.json.replacing("\"maxRetries\":2", with: "\"maxRetries\":9")
            let edited = try await Python.aws(
                world.endpoint,
                ["update-route", "--route-name", "main", "--spec", changed] + names
            )
            #expect(edited.exitCode == 0, "\(edited.errors)")

            let text = try await world.run("drift")
            #expect(text.exitCode == 2)
            #expect(text.output.contains("\(Self.route)  modified"), "\(text.output)")
            #expect(text.output.contains("httpRoute.retryPolicy.maxRetries: 2 → 9"))
            #expect(text.output.contains("Drift: 1 modified"))
            let json = try await world.run("drift", "-o", "json")
            #expect(json.exitCode == 2)
            let finding = try json.json()["findings"]?.items?.first
            #expect(finding?["resource"] == .string(Self.route))
            #expect(finding?["class"] == "modified")
            let field: SpecValue = [
                "path": "httpRoute.retryPolicy.maxRetries", "before": 2, "after": 9,
            ]
            #expect(finding?["fields"]?.items == [field])

            let applied = try await world.apply()
            #expect(applied.output.contains("= put right \(Self.route)"), "\(applied.output)")
            try await world.expectInSync()
        }
    }

    @Test func whatWasDeletedIsMissing() async throws {
        try await World.with { world in
            try await world.apply()
            try await world.send("DELETE", "meshes/shop/virtualRouter/catalog/routes/main")
            let found = try await world.run("drift")
            #expect(found.exitCode == 2)
            #expect(found.output.contains("\(Self.route)  missing"), "\(found.output)")
            try await world.apply()
            try await world.expectInSync()
        }
    }

    @Test func anEmptyLedgerKnowsNoDrift() async throws {
        try await World.with { world in
            let nothing = try await world.run("drift")
            #expect(nothing.exitCode == 0)
            #expect(nothing.output.contains("the ledger is empty"))
            #expect(try await world.run("drift", "--fail-on", "drifted").exitCode == 64)
        }
    }

    /// Each correction of the same edit is a decision of its own, not the replay of the first.
    @Test func theSameEditIsPutRightTwice() async throws {
        try await World.with { world in
            try await world.apply()
            for _ in 1...2 {
                try await world.edit("/virtualRouter/catalog/routes/main") {
                    $0.replacing("\"maxRetries\":2", with: "\"maxRetries\":9")
                }
                #expect(try await world.run("drift").exitCode == 2)
                try await world.apply()
                try await world.expectInSync()
            }
        }
    }
}
