import Manifests
import MeshModel

/// Reads files given as text, in the order of their names.
func read(
    _ files: [String: String],
    _ settings: ManifestSettings = ManifestSettings()
) -> ManifestReading {
    let sources = files.map { SourceFile(path: $0.key, bytes: Array($0.value.utf8)) }
    return ManifestReading.read(SourceTree(files: sources), settings)
}

/// Reads one YAML file.
func read(
    yaml text: String,
    _ settings: ManifestSettings = ManifestSettings()
) -> ManifestReading {
    read(["mesh.yaml": text], settings)
}

extension ManifestReading {
    var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
    var warnings: [Diagnostic] { diagnostics.filter { $0.severity == .warning } }
    var codes: [String] { diagnostics.map(\.code) }

    /// The only mesh of the tree.
    var mesh: DesiredState? { desired.count == 1 ? desired.first : nil }

    func resource(_ address: String) -> DesiredResource? {
        mesh.flatMap { state in
            ResourceID(address: address, mesh: state.mesh).flatMap { state.resources[$0] }
        }
    }
}
