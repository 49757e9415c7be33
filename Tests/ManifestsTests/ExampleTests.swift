import Foundation
import Manifests
import MeshModel
import Testing

/// AWS's own example manifests, read from the folder that `PLUMBLINE_FIXTURES` names.
private let examples = ProcessInfo.processInfo.environment["PLUMBLINE_FIXTURES"]
    .map { URL(filePath: $0).appending(path: "aws-app-mesh-examples") }

@Suite(
    .enabled(
        if: examples.map { FileManager.default.fileExists(atPath: $0.path) } ?? false,
        "PLUMBLINE_FIXTURES does not name a folder with aws-app-mesh-examples"
    )
)
struct ExampleTests {
    /// What the examples' own scripts set before they fill the templates in.
    static let variables = [
        "APP_NAMESPACE": "howto", "MESH_NAME": "colors", "CLOUDMAP_NAMESPACE": "howto.local",
        "FRONT_APP_CA_CERT": "ca.pem", "FRONT_APP_K8S_SECRET": "secret",
        "FRONT_APP_IMAGE": "front:1", "COLOR_APP_IMAGE": "color:1", "CLIENT_APP_IMAGE": "client:1",
    ]

    static func files(_ suffixes: [String]) throws -> [SourceFile] {
        let root = try #require(examples)
        let paths = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []
        return try paths.filter { path in suffixes.contains { path.hasSuffix($0) } }.sorted()
            .map { path in
                let bytes = try Data(contentsOf: root.appending(path: path))
                return SourceFile(path: path, bytes: Array(bytes), isNamed: true)
            }
    }

    static func isCRD(_ file: SourceFile) -> Bool {
        String(decoding: file.bytes, as: UTF8.self).contains("appmesh.k8s.aws/v1beta2")
    }

    @Test func everyCustomResourceReads() throws {
        let files = try Self.files([".yaml", ".template"]).filter(Self.isCRD)
        #expect(files.count == 15)
        var resources = 0
        for file in files {
            let reading = ManifestReading.read(
                SourceTree(files: [file]),
                ManifestSettings(variables: Self.variables)
            )
            #expect(reading.errors.isEmpty, "\(file.path)")
            resources += reading.desired.map(\.resources.count).reduce(0, +)
        }
        #expect(resources >= 66)
    }

    @Test func everyOtherFormIsRefusedByItsName() throws {
        let files = try Self.files([".yaml", ".template", ".json"]).filter { !Self.isCRD($0) }
        #expect(files.count == 48)
        let names: Set = ["cloudFormation", "cliInput", "jqTemplate"]
        for file in files {
            let reading = ManifestReading.read(
                SourceTree(files: [file]),
                ManifestSettings(variables: Self.variables)
            )
            if file.bytes.count < 5 {
                #expect(reading.skippedFileCount == 1, "\(file.path) is an empty object")
            } else {
                #expect(reading.errors.count == 1, "\(file.path)")
                #expect(names.isSuperset(of: reading.errors.map(\.code)), "\(file.path)")
            }
        }
    }
}
