import Foundation
import Testing

/// The rules of the house, over every Swift file of the repository.
struct TidyTests {
    @Test func theTreeKeepsTheRules() throws {
        let sources = try Repository.sources()
        #expect(sources.count > 50, "found \(sources.count) files under \(Repository.root.path)")
        for rule in Rule.all {
            let violations = sources.flatMap { rule.violations(in: $0) }
            #expect(violations.isEmpty, "\(violations.map(\.description).joined(separator: "\n"))")
        }
    }

    @Test func whatIsNotSwiftNamesNoMachineEither() throws {
        let texts = try Repository.otherTexts()
        #expect(texts.contains { $0.fileName == "Makefile" || $0.fileName == "extract.py" })
        let violations = texts.flatMap { Rule.machinePaths.violations(in: $0) }
        #expect(violations.isEmpty, "\(violations.map(\.description).joined(separator: "\n"))")
    }

    @Test func theSchemaNamesItsFields() {
        #expect(SchemaFields.all.isSuperset(of: ["weightedTargets", "certificateArn", "backends"]))
    }
}

/// Where the files are.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift file of the areas, sorted by path.
    static func sources() throws -> [SourceText] {
        try texts(in: ["Sources", "Tests", "Benchmarks", "Package.swift"]) { $0 == "swift" }
    }

    /// Scripts, settings, manifests and pages.
    static func otherTexts() throws -> [SourceText] {
        let endings = ["py", "sh", "md", "yaml", "yml", "json", "h", "Makefile", "run"]
        let areas = ["Sources", "Tests", "manifests", "deploy", ".ci", "Makefile"]
        return try texts(in: areas + ["README.md", "CHANGELOG.md"]) { endings.contains($0) }
    }

    private static func texts(
        in areas: [String],
        where isWanted: (String) -> Bool
    ) throws -> [SourceText] {
        let files = FileManager.default
        let paths = areas.flatMap { area -> [String] in
            let found = files.enumerator(atPath: root.appending(path: area).path)
            let below = (found?.allObjects ?? []).compactMap { $0 as? String }
            return [area] + below.map { "\(area)/\($0)" }
        }
        return try paths.sorted()
            .compactMap { path in
                let name = path.split(separator: "/").last ?? ""
                let ending = name.split(separator: ".").last.map(String.init) ?? ""
                var isFolder: ObjCBool = false
                let file = root.appending(path: path)
                guard isWanted(ending), files.fileExists(atPath: file.path, isDirectory: &isFolder),
                    !isFolder.boolValue
                else { return nil }
                let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
                return SourceText(path: path, text: text)
            }
    }
}

/// Names of the fields of the schema, read from its table.
enum SchemaFields {
    /// Those of two words or more, and two that nothing else is called: `port`, `value` and the
    /// like are members of other things too.
    static let all: Set<String> = {
        let folder = Repository.root.appending(path: "Sources/MeshModel").path
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let tables = files.filter { $0.hasPrefix("Schema+") }
            .compactMap { name in
                try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            }
        let literals = tables.flatMap { table in
            table.components(separatedBy: "(\"").dropFirst()
                + table.components(separatedBy: "(\n            \"").dropFirst()
        }
        let names = literals.compactMap { $0.split(separator: "\"").first.map(String.init) }
        let plain: Set<String> = ["listeners", "backends"]
        return Set(names.filter { plain.contains($0) || $0.contains(where: \.isUppercase) })
    }()
}
