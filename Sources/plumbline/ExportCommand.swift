import AWSMesh
import ArgumentParser
import Foundation
import Manifests
import MeshModel
import Planning

/// `plumbline export`: the live mesh as manifests that can be committed.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the live mesh as manifests in the API's own form.",
        discussion: """
            Without --out the documents go to standard output. With --out each resource has a file \
            of its own; files that are there and say something else are not overwritten.
            """
    )

    @OptionGroup var place: EndpointOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The mesh (else the only one that the endpoint has).")
    var mesh: String?

    @Option(help: ArgumentHelp("The folder to write into; made when missing.", valueName: "dir"))
    var out: String?

    func run() async throws {
        try await output.reporting { try await export() }
    }

    private func export() async throws {
        let live = try LiveMesh(EndpointDescription(place))
        let name = try await meshName(live.client)
        let state = try await live.client.scan(mesh: name, isKnown: true)
        var manifests: [LiveManifest] = []
        for id in state.resources.keys.sorted() {
            guard let resource = state.resources[id] else { continue }
            let tags = try await live.client.tags(of: resource.arn)
            manifests.append(LiveManifest(resource, tags: tags))
        }
        let files = try out.map { try ManifestFolder($0).write(manifests) }
        switch output.output {
        case .json: Terminal.output(json(name, manifests, files).json)
        case .text: try show(manifests, files)
        }
    }

    private func meshName(_ client: AppMeshClient) async throws -> String {
        let names = try await client.meshes()
        if let mesh, names.contains(mesh) { return mesh }
        if mesh == nil, names.count == 1, let only = names.first { return only }
        let known = names.map { "'\($0)'" }.joined(separator: ", ")
        let what: String =
            switch (mesh, names.isEmpty) {
            case (.some(let mesh), true): "it has no mesh '\(mesh)', and no other"
            case (.some(let mesh), false): "it has no mesh '\(mesh)'; it has \(known)"
            case (.none, true): "it has no mesh"
            case (.none, false): "it has several meshes, \(known); name one with --mesh"
            }
        throw CommandFailure(.error, "Export from \(client.endpoint): \(what.printable)")
    }

    private func show(_ manifests: [LiveManifest], _ files: [String]?) throws {
        guard let out else {
            let documents = try manifests.map { try $0.yaml() }
            return Terminal.output("---\n" + documents.joined(separator: "---\n"))
        }
        let count = DiagnosticsReport.count(files?.count ?? 0, "file")
        Terminal.output("Wrote \(count) to '\(out.printable)'")
    }

    private func json(_ mesh: String, _ all: [LiveManifest], _ files: [String]?) -> SpecValue {
        var members: [String: SpecValue] = [
            "schema": "plumbline.dev/export/v1", "mesh": .string(mesh),
            "resources": .list(all.map { .string($0.id.address) }),
        ]
        if let files {
            members["files"] = .list(files.map { .string($0) })
        } else {
            members["documents"] = .list(all.map(\.document))
        }
        return .object(members)
    }
}

/// A live resource on its way into a manifest; tags that AWS or Plumbline set are not the team's.
struct LiveManifest {
    let id: ResourceID
    private let spec: SpecValue
    private let tags: [String: String]

    init(_ resource: LiveResource, tags: [String: String]) {
        id = resource.id
        spec = resource.spec
        self.tags = tags.filter { tag in
            !tag.key.hasPrefix("aws:") && tag.key != OwnerTag.owner && tag.key != OwnerTag.commit
        }
    }

    var document: SpecValue { ManifestWriter.document(id, spec: spec, tags: tags) }

    func yaml() throws -> String { try ManifestWriter.yaml(id, spec: spec, tags: tags) }
}

/// A folder of manifests, one file a resource.
struct ManifestFolder {
    private let path: String

    init(_ path: String) { self.path = path }

    /// Writes all files, or none where one of them would change a file that is there.
    ///
    /// - Returns: Their paths.
    func write(_ manifests: [LiveManifest]) throws -> [String] {
        let files = try manifests.map { manifest in
            (path: path + "/" + ManifestWriter.path(manifest.id), text: try manifest.yaml())
        }
        for file in files {
            guard let bytes = FileManager.default.contents(atPath: file.path),
                bytes != Data(file.text.utf8)
            else { continue }
            throw CommandFailure(
                .error,
                "Write '\(file.path.printable)': it is there and says something else; give an "
                    + "empty folder, or commit and remove it first"
            )
        }
        for file in files {
            let folder = URL(filePath: file.path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(file.text.utf8).write(to: URL(filePath: file.path), options: .atomic)
        }
        return files.map(\.path)
    }
}
