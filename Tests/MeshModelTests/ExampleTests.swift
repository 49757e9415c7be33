import Foundation
import MeshModel
import Testing

/// Specs that people wrote for the AWS CLI are sound, or are refused for what is wrong in them.
///
/// The examples lie where `PLUMBLINE_FIXTURES` says; without it the suite is skipped.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["PLUMBLINE_FIXTURES"] != nil))
struct ExampleTests {
    @Test func specsForTheCommandLineAreSound() throws {
        let folder = ProcessInfo.processInfo.environment["PLUMBLINE_FIXTURES"] ?? ""
        let root = URL(filePath: folder).appending(path: "aws-app-mesh-examples").path
        let names = FileManager.default.enumerator(atPath: root)?.allObjects ?? []
        var read = 0
        for case let name as String in names where name.hasSuffix(".json") {
            let data = try Data(contentsOf: URL(filePath: root).appending(path: name))
            // Templates for jq, with bare `$NAME` in them, are no JSON.
            guard let value = try? SpecValue(json: data), let spec = value.members?["spec"] else {
                continue
            }
            read += 1
            let findings = Self.findings(spec)
            #expect(findings.isEmpty, "\(name): \(findings.map(\.message))")
        }
        #expect(read > 20, "read \(read) of \(names.count)")
    }

    /// The file does not say its kind: the one with the fewest findings is meant.
    private static func findings(_ spec: SpecValue) -> [SpecFinding] {
        let all = Kind.allCases.map { Schema.validate(spec, as: $0) }
        return all.min { $0.count < $1.count } ?? []
    }
}
