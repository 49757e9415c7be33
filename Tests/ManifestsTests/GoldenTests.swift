import Foundation
import Manifests
import MeshModel
import Testing

/// What the reader says about each folder of `Fixtures`, line by line.
///
/// `UPDATE_GOLDEN=1` writes the files anew; read the difference before it is committed.
struct GoldenTests {
    static let offline = ManifestSettings()
    static let target = ManifestSettings(
        mesh: "shop",
        variables: ["NAME": "web", "WEB_PORT": "8080", "SECRET": "sesame open", "NUMBER": "08"],
        live: [.mesh("shop"), .virtualService("payments.bank", mesh: "shop")],
        account: "111122223333",
        region: "eu-west-1"
    )

    @Test(arguments: [
        "fields", "weights", "scalars", "variables", "identity", "references", "traffic", "reach",
        "policy", "forms", "syntax",
    ])
    func diagnostics(name: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/\(name)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let files = try names.filter { !$0.hasSuffix(".txt") }
            .map { name in
                let bytes = try Data(contentsOf: folder.appending(path: name))
                return SourceFile(path: name, bytes: Array(bytes))
            }
        let offline = ManifestReading.read(SourceTree(files: files), Self.offline)
        let online = ManifestReading.read(SourceTree(files: files), Self.target)
        let words = [Self.text(of: offline), Self.text(of: online)]
        let text = """
            # offline
            \(words[0])
            # for the target
            \(words[0] == words[1] ? "the same" : words[1])

            """
        let golden = folder.appending(path: "diagnostics.txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: golden)
        }
        let expected = try String(contentsOf: golden, encoding: .utf8)
        let difference = text.split(separator: "\n")
            .difference(from: expected.split(separator: "\n"))
        #expect(difference.isEmpty, "what is said differs from \(golden.lastPathComponent)")
    }

    private static func text(of reading: ManifestReading) -> String {
        let counts =
            "\(reading.fileCount) files, \(reading.documentCount) documents, "
            + "\(reading.skippedDocumentCount) passed over"
        let lines = reading.diagnostics.map { "\($0) [\($0.code)]" }
        return ([counts] + lines).joined(separator: "\n")
    }
}
