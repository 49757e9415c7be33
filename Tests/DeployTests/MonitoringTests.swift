import Foundation
import Testing
import Yams

/// Alert rules and dashboard: Prometheus judges them, and they name what the agent tells.
struct MonitoringTests {
    @Test(.enabled(if: Tool.canJudge("promtool"), "promtool is not here; run .ci/setup"))
    func prometheusTakesTheRulesAndTheyRingWhenTheyShould() async throws {
        let alerts = try Deployment.text("monitoring/alerts.yaml")
        let rules = try #require(try ClusterObject.all(in: alerts).first?.spec)
        let folder = FileManager.default.temporaryDirectory.appending(path: "plumbline-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(try Yams.serialize(node: rules).utf8)
            .write(to: folder.appending(path: "rules.yaml"))
        try Data(try Deployment.text("monitoring/alerts.test.yaml").utf8)
            .write(to: folder.appending(path: "test.yaml"))
        for (verb, file) in [("check", "rules.yaml"), ("test", "test.yaml")] {
            let judged = try await Tool.run(
                "promtool",
                [verb, "rules", folder.appending(path: file).path]
            )
            #expect(judged.isFine, "\(judged.output)\(judged.errors)")
        }
    }

    @Test(arguments: ["alerts.yaml", "dashboard.json"])
    func everyMetricIsOneThatTheAgentTells(_ file: String) throws {
        let told = try names(in: sources())
        let asked = names(in: try Deployment.text("monitoring/\(file)"))
        #expect(asked.count > 5)
        #expect(asked.subtracting(told).isEmpty, "\(asked.subtracting(told).sorted())")
    }

    @Test func everyAlertSaysWhatToDo() throws {
        let alerts = try Deployment.text("monitoring/alerts.yaml")
        let groups = try #require(try ClusterObject.all(in: alerts).first?.spec?["groups"]).items
        let rules = groups.flatMap { $0["rules"]?.items ?? [] }
        #expect(rules.count > 5)
        for rule in rules {
            let name = rule["alert"]?.string ?? ""
            #expect(rule["annotations"]?["summary"]?.string?.isEmpty == false, "\(name)")
            #expect(rule["annotations"]?["description"]?.string?.isEmpty == false, "\(name)")
            let severity = try #require(rule["labels"]?["severity"]?.string)
            #expect(["critical", "warning", "info"].contains(severity), "\(name)")
        }
        let tested = try Deployment.text("monitoring/alerts.test.yaml")
        for rule in rules {
            let name = try #require(rule["alert"]?.string)
            #expect(tested.contains(name), "no test rings \(name)")
        }
    }

    private func names(in text: String) -> Set<String> {
        Set(text.matches(of: /plumbline_[a-z_]+/).map { String($0.output) })
    }

    /// The names of metrics, where they are made.
    private func sources() throws -> String {
        let sources = Deployment.folder.deletingLastPathComponent().appending(path: "Sources")
        return try ["ControlAPI", "plumbline"]
            .flatMap { module in
                let folder = sources.appending(path: module)
                return try FileManager.default.contentsOfDirectory(atPath: folder.path)
                    .filter { $0.hasSuffix(".swift") }
                    .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }
            }
            .joined()
    }
}
