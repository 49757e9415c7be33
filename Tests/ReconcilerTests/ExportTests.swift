import AWSMesh
import AuditLog
import Foundation
import LocalMesh
import Manifests
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// What is live, written as manifests and committed, changes nothing.
@Suite("Apply, export, plan", .timeLimit(.minutes(2))) struct ExportTests {
    @Test("of every example of AWS's that reads", .enabled(if: Examples.areHere, Examples.advice))
    func examples() async throws {
        let files = try Examples.customResources()
        #expect(files.count == 15)
        var resources = 0
        for file in files {
            resources += try await Self.comesBack(
                SourceTree(files: [file]),
                settings: try Examples.settings(of: file)
            )
        }
        #expect(resources >= 66)
    }

    @Test("of the sample, under every echo", arguments: Echo.allCases) func sample(
        echo: Echo
    )
        async throws
    {
        var options = MeshOptions()
        options.echo = echo
        let count = try await Self.comesBack(
            try SampleShop.tree(),
            settings: .shop,
            options
        )
        #expect(count > 30)
    }

    @Test("of text that YAML would read as something else") func awkwardText() async throws {
        let texts = [
            "no", "Y", "on", "~", "null", "08", "0x1F", "1_000", "1:30", "2024-01-01", "1e3", ".5",
            "-1", "=", "<<", "- a", "a: b", "a #b", "#a", "{a}", "[a]", "&a", "*a", "!a", "|", ">",
            "%a", "@a", "`a`", "'", "\"", "\\", " a ", "a\tb", "a\\nb", "ä€😀", "${A}", "$${", "$",
            "$HOME",
            "$$HOME", "{{ .Values }}", "${{A}}", "{{{", "^/a$", "$$", "${_:=$}",
        ]
        let headers: [SpecValue] = texts.enumerated()
            .map { index, text in
                ["name": .string("x-\(index)"), "match": ["exact": .string(text)]]
            }
        var specs = Shop.awkward
        for (position, start) in stride(from: 0, to: headers.count, by: 10).enumerated() {
            let some = SpecValue.list(Array(headers[start..<min(start + 10, headers.count)]))
            let name = ["08", "1e3", "no", "y", "0b1"][position]
            let id = ResourceID.route(name, router: "true", mesh: "shop")
            specs[id] = Shop.route(headers: some, priority: Int64(position))
        }
        let files = try specs.keys.sorted()
            .map { id in
                let spec = try #require(specs[id])
                return try Self.file(of: id, spec: spec, tags: ["on": "off", "1": "0x1"])
            }
        let count = try await Self.comesBack(SourceTree(files: files), settings: .shop)
        #expect(count == specs.count)
    }

    /// Applies a tree and commits what is live then; the next plan must be empty.
    ///
    /// - Returns: How many resources the tree declares.
    private static func comesBack(
        _ tree: SourceTree,
        settings: TargetSettings,
        _ options: MeshOptions = MeshOptions()
    ) async throws -> Int {
        let name = tree.files.count == 1 ? tree.files[0].path : "tree"
        return try await World.with(options) { world in
            world.branch.commit(tree)
            try await world.supply(tree, settings)
            let survey = try await world.process(settings) { process in
                let survey = try await process.survey()
                #expect(try await process.apply(survey) == .completed, "\(name)")
                return survey
            }
            try world.checkInvariants()
            try await world.checkConverged(settings, "\(name)")
            let before = world.watch.writes.count
            let exported = try await world.exported(survey.input.target.mesh)
            world.branch.commit(exported, "Commit what is live")
            let again = try await world.process(settings) { try await $0.survey() }
            #expect(again.reading.diagnostics.filter { $0.severity == .error }.isEmpty, "\(name)")
            #expect(again.plan.isEmpty, "\(name): \(again.plan.changes)")
            #expect(again.drift.findings.allSatisfy { $0.driftClass == .unownedEqual }, "\(name)")
            let desired = again.input.desired.resources
            #expect(Set(desired.keys) == Set(again.input.live.resources.keys), "\(name)")
            #expect(world.watch.writes.count == before)
            return survey.input.desired.resources.count
        }
    }

    fileprivate static func file(
        of id: ResourceID,
        spec: SpecValue,
        tags: [String: String]
    ) throws -> SourceFile {
        let text = try ManifestWriter.yaml(id, spec: spec, tags: tags)
        return SourceFile(path: ManifestWriter.path(id), bytes: Array(text.utf8))
    }
}

extension World {
    /// The live mesh as `export` writes it, without the tags that Plumbline set.
    fileprivate func exported(_ mesh: String) async throws -> SourceTree {
        let client = try stranger()
        let live = try await client.scan(mesh: mesh).resources
        var files: [SourceFile] = []
        for id in live.keys.sorted() {
            let resource = try #require(live[id])
            let tags = try await client.tags(of: resource.arn)
                .filter { $0.key != OwnerTag.owner && $0.key != OwnerTag.commit }
            files.append(try ExportTests.file(of: id, spec: resource.spec, tags: tags))
        }
        return SourceTree(files: files)
    }

    /// Puts on the mesh what a tree refers to and does not declare.
    fileprivate func supply(_ tree: SourceTree, _ settings: TargetSettings) async throws {
        let mesh = try #require(settings.mesh)
        let reading = ManifestReading.read(
            tree,
            ManifestSettings(mesh: mesh, variables: settings.variables)
        )
        #expect(reading.diagnostics.filter { $0.severity == .error }.isEmpty)
        let desired = try #require(reading.desired.first { $0.mesh == mesh }?.resources)
        var missing = Set(
            desired.flatMap { id, resource in
                References.of(resource.spec, id).map(\.target) + [id.container].compactMap(\.self)
            }
        )
        // The gateway of a route that names none: it takes the only live one.
        if missing.remove(.virtualGateway("?", mesh: mesh)) != nil {
            missing.insert(.virtualGateway("ingress", mesh: mesh))
        }
        missing.insert(.mesh(mesh))
        let client = try stranger()
        for id in missing.subtracting(desired.keys).sorted() {
            _ = try await client.create(id, spec: id.kind.leastSpec, clientToken: nil)
        }
    }
}

extension Kind {
    /// What the API takes as the least of a kind that others may refer to.
    fileprivate var leastSpec: SpecValue {
        switch self {
        case .virtualRouter, .virtualGateway:
            ["listeners": [["portMapping": ["port": 8080, "protocol": "http"]]]]
        case .mesh, .virtualNode, .virtualService, .route, .gatewayRoute: [:]
        }
    }
}

/// AWS's own example manifests, read from the folder that `PLUMBLINE_FIXTURES` names.
private enum Examples {
    static let root = ProcessInfo.processInfo.environment["PLUMBLINE_FIXTURES"]
        .map { URL(filePath: $0).appending(path: "aws-app-mesh-examples") }
    static let areHere = root.map { FileManager.default.fileExists(atPath: $0.path) } ?? false
    static let advice: Comment =
        "PLUMBLINE_FIXTURES does not name a folder with aws-app-mesh-examples"

    /// What the examples' own scripts set before they fill the templates in.
    static let variables = [
        "APP_NAMESPACE": "howto", "MESH_NAME": "colors", "CLOUDMAP_NAMESPACE": "howto.local",
        "FRONT_APP_CA_CERT": "ca.pem", "FRONT_APP_K8S_SECRET": "secret",
        "FRONT_APP_IMAGE": "front:1", "COLOR_APP_IMAGE": "color:1", "CLIENT_APP_IMAGE": "client:1",
    ]

    static func customResources() throws -> [SourceFile] {
        let root = try #require(root)
        let paths = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []
        return try paths.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".template") }.sorted()
            .map { path in
                let bytes = try Data(contentsOf: root.appending(path: path))
                return SourceFile(path: path, bytes: Array(bytes), isNamed: true)
            }
            .filter {
                String(decoding: $0.bytes, as: UTF8.self).contains("appmesh.k8s.aws/v1beta2")
            }
    }

    /// The mesh is the file's, or one that it is not told of.
    static func settings(of file: SourceFile) throws -> TargetSettings {
        let reading = ManifestReading.read(
            SourceTree(files: [file]),
            ManifestSettings(variables: variables)
        )
        return TargetSettings(
            mesh: reading.meshes.first ?? "colors",
            region: "eu-west-1",
            endpoint: "https://mesh.test",
            variables: variables
        )
    }
}

extension Shop {
    /// A mesh whose names look like other things, and whose durations have both units.
    fileprivate static let awkward: [ResourceID: SpecValue] = [
        .mesh("shop"): ["egressFilter": ["type": "ALLOW_ALL"]],
        .virtualNode("null", mesh: "shop"): [
            "listeners": [
                [
                    "portMapping": ["port": 8080, "protocol": "http"],
                    "timeout": [
                        "http": [
                            "idle": ["unit": "ms", "value": 90_000],
                            "perRequest": ["unit": "s", "value": 15],
                        ]
                    ],
                ]
            ],
            "serviceDiscovery": ["dns": ["hostname": "1e3.internal"]],
            "logging": ["accessLog": ["file": ["path": "/dev/stdout #1: [x]"]]],
        ],
        .virtualRouter("true", mesh: "shop"): [
            "listeners": [["portMapping": ["port": 8080, "protocol": "http"]]]
        ],
        .virtualService("0x1F", mesh: "shop"): [
            "provider": ["virtualRouter": ["virtualRouterName": "true"]]
        ],
    ]

    fileprivate static func route(headers: SpecValue, priority: Int64) -> SpecValue {
        [
            "priority": .integer(priority),
            "httpRoute": [
                "match": ["prefix": "/", "headers": headers],
                "action": ["weightedTargets": [["virtualNode": "null", "weight": 1]]],
            ],
        ]
    }
}
