import Manifests
import MeshModel
import Testing

/// What was parsed before is as good as what is parsed now.
@Suite struct ParsedFilesTests {
    private func tree(_ blobs: [String: String]) -> SourceTree {
        SourceTree(
            files: blobs.sorted { $0.key < $1.key }
                .map { SourceFile(path: $0.key, bytes: Array($0.value.utf8), blob: $0.value) }
        )
    }

    private func node(_ name: String, port: String = "80") -> String {
        """
        kind: VirtualNode
        virtualNodeName: \(name)
        spec: { listeners: [{ portMapping: { port: \(port), protocol: http } }] }
        """
    }

    private let settings = ManifestSettings(mesh: "shop", variables: ["PORT": "8080"])

    @Test func memoryChangesNothing() {
        let trees = [
            tree(["a.yaml": node("a"), "b.yaml": node("b", port: "${PORT}")]),
            tree(["a.yaml": node("a", port: "no port"), "b.yaml": node("b", port: "${PORT}")]),
            tree(["a.yaml": "{", "b.yaml": node("b", port: "${PORT}")]),
            tree(["b.yaml": node("b", port: "${OTHER}"), "c.yaml": node("a")]),
            tree(["a.yaml": node("a"), "b.yaml": node("b", port: "${PORT}")]),
        ]
        var parsed = ParsedFiles()
        for tree in trees {
            let fresh = ManifestReading.read(tree, settings)
            #expect(ManifestReading.read(tree, settings, &parsed) == fresh)
            #expect(ManifestReading.read(tree, settings, &parsed) == fresh)
        }
    }

    @Test func anEqualBlobElsewhereIsNamedByItsOwnPath() {
        var parsed = ParsedFiles()
        _ = ManifestReading.read(tree(["a.yaml": node("a", port: "none")]), settings, &parsed)
        let moved = ManifestReading.read(
            tree(["b.yaml": node("a", port: "none")]),
            settings,
            &parsed
        )
        #expect(Set(moved.errors.compactMap(\.position?.file)) == ["b.yaml"])
    }
}
