import Foundation
import Manifests
import MeshModel
import Planning
import Testing

/// Plans as people read them, kept beside the three sides they were made of.
///
/// `UPDATE_GOLDEN=1` writes `plan.txt` anew; the difference is then a matter for review.
@Suite("Golden plans")
struct GoldenPlanTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Golden")
    static let cases: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
    }()

    @Test("there are cases")
    func presence() {
        #expect(Self.cases.count > 40)
    }

    @Test("desired, live and applied make the plan", arguments: cases)
    func golden(name: String) throws {
        let folder = Self.folder.appending(path: name)
        let scene = try GoldenScene(folder).scene
        let plan = scene.plan
        // The id covers versions of formats that others own; `PlanIdentityTests` are about it.
        let text =
            PlanText.lines(of: plan).text.replacing("Plan \(plan.id.prefix(12))", with: "Plan")
            + "\nexit \(plan.exitCode)\n"
        let file = folder.appending(path: "plan.txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
        }
        let known = try String(contentsOf: file, encoding: .utf8)
        #expect(text.split(separator: "\n") == known.split(separator: "\n"))
    }

    @Test("and the plan runs, and a second one is empty", arguments: cases)
    func carryOut(name: String) throws {
        var scene = try GoldenScene(Self.folder.appending(path: name)).scene
        let plan = scene.plan
        var run = PlanRun(scene)
        var random = SplitMix64(seed: 1)
        try run.carryOut(plan, &random)
        #expect(run.emptied.isEmpty)
        scene.live = run.mesh.resources
        scene.applied = run.applied
        scene.holds = run.holds
        #expect(scene.plan.hasChanges == false, "\(PlanText.lines(of: scene.plan).text)")
    }
}

/// The files of one golden case.
struct GoldenScene {
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    private struct Live: Decodable {
        let resource: String
        let version: Int64
        let spec: SpecValue
    }

    private struct Applied: Decodable {
        let resource: String
        let version: Int64
        let body: SpecValue
        let baseline: SpecValue?
        let inFlight: Bool?
    }

    private struct Held: Decodable {
        let resource: String
        let body: SpecValue
        let reason: String
    }

    private struct Ledger: Decodable {
        let resources: [Applied]
        let holds: [Held]?
    }

    private(set) var scene = Scene()

    init(_ folder: URL) throws {
        scene.desired = [:]
        scene.live = [:]
        scene.applied = [:]
        try readDesired(folder.appending(path: "desired.yaml"))
        let live = try Self.read([Live].self, folder.appending(path: "live.json"))
        for item in live {
            let id = try Self.id(item.resource)
            scene.live[id] = Sample.live(id, item.spec, version: item.version)
        }
        let ledger = try Self.read(Ledger.self, folder.appending(path: "applied.json"))
        for item in ledger.resources {
            let id = try Self.id(item.resource)
            scene.applied[id] = Sample.applied(
                id,
                item.body,
                baseline: item.baseline,
                version: item.version,
                isInFlight: item.inFlight ?? false
            )
        }
        for item in ledger.holds ?? [] {
            let id = try Self.id(item.resource)
            scene.holds[id] = Hold(
                content: Schema.digest(item.body, as: id.kind),
                reason: item.reason,
                revision: Sample.revision
            )
        }
        let settings = folder.appending(path: "settings.json")
        guard FileManager.default.fileExists(atPath: settings.path) else { return }
        try Self.read(GoldenSettings.self, settings).apply(to: &scene)
    }

    private mutating func readDesired(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        let tree = SourceTree(files: [SourceFile(path: "desired.yaml", bytes: bytes)])
        let reading = ManifestReading.read(tree, ManifestSettings(mesh: Sample.mesh))
        let errors = reading.diagnostics.filter { $0.severity == .error }
        guard errors.isEmpty else { throw Malformed(description: "\(errors)") }
        for state in reading.desired {
            scene.policies += state.policies
            scene.declared.merge(state.resources) { first, _ in first }
        }
    }

    static func id(_ address: String) throws -> ResourceID {
        guard let id = ResourceID(address: address, mesh: Sample.mesh) else {
            throw Malformed(description: "no address: \(address)")
        }
        return id
    }

    private static func read<Value: Decodable>(_ type: Value.Type, _ file: URL) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }
}

/// Options and guardrails of a case, as they would come from flags and settings.
private struct GoldenSettings: Decodable {
    struct Ignore: Decodable {
        let resource: String
        let field: String
    }

    /// `true` for everything, or globs.
    enum Choice: Decodable {
        case all
        case globs([String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if (try? container.decode(Bool.self)) == true {
                self = .all
            } else {
                self = .globs(try container.decode([String].self))
            }
        }

        var selection: Selection {
            switch self {
            case .all: .all
            case .globs(let globs): .matching(globs.map(Glob.init))
            }
        }
    }

    let adopt: Choice?
    let only: Choice?
    let release: Choice?
    let prune: Bool?
    let allowDeletes: Int?
    let deleteMesh: Bool?
    let recreate: Bool?
    /// An agent plans, whose corrections gates judge.
    let judged: Bool?
    let protected: [String]?
    let maxStep: Int?
    let requireGates: [String]?
    let ignore: [Ignore]?
    let owners: [String: String]?

    func apply(to scene: inout Scene) throws {
        scene.options = PlanOptions(
            adopt: adopt?.selection ?? .none,
            only: only?.selection ?? .all,
            release: release?.selection ?? .none,
            prune: prune ?? false,
            allowDeletes: allowDeletes,
            deleteMesh: deleteMesh ?? false,
            recreate: recreate ?? false,
            corrects: judged == true ? .judged(.all) : .all
        )
        scene.guardrails.protected = (protected ?? []).map(Glob.init)
        scene.guardrails.maxStep = maxStep
        scene.guardrails.requireGates = (requireGates ?? []).map(Glob.init)
        scene.guardrails.ignore = (ignore ?? [])
            .map { IgnoreRule(resource: Glob($0.resource), field: $0.field) }
        for (address, owner) in owners ?? [:] { scene.owners[try GoldenScene.id(address)] = owner }
    }
}
