import AWSClient
import AWSMesh
import AuditLog
import Foundation
import LocalMesh
import Logging
import Manifests
import MeshModel
import Planning

/// Prints what the parts of one reconciliation cost, for meshes of several sizes.
///
/// Counts and ratios say more than times here: machines are noisy. `swift run -c release bench`.
@main
struct Main {
    static func main() async throws {
        if CommandLine.arguments.dropFirst().first == "latency" {
            print(LatencyFigures.heading)
            let named = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
            for services in named.isEmpty ? [2, 25, 250] : named {
                print(try await LatencyFigures(services: services).text)
            }
            return
        }
        print(
            "resources  read ms  plan ms  no-op plan ms  cold scan  warm scan  warm calls  "
                + "records/s"
        )
        for services in [2, 25, 250] {
            let row = try await Row(services: services)
            print(row.text)
        }
    }
}

/// One size of mesh, measured.
struct Row {
    private let resources: Int
    private let reading: Double
    private let creation: Double
    private let idle: Double
    private let coldScan: Double
    private let warmScan: Double
    private let warmCalls: Int
    private let records: Double

    init(services: Int) async throws {
        let mesh = SampleMesh(services: services)
        let (desired, reading) = try Stopwatch.best { try mesh.desired() }
        self.reading = reading
        resources = desired.resources.count
        creation = try Stopwatch.best { mesh.plan(desired, live: [:]) }.time
        let server = try MeshServer(SampleMesh.options)
        let scans = try await server.serving { endpoint in
            try await ScanFigures(endpoint: endpoint, desired)
        }
        (coldScan, warmScan, warmCalls) = (scans.cold, scans.warm, scans.warmCalls)
        idle = try Stopwatch.best { mesh.plan(desired, live: scans.live) }.time
        records = try LedgerFigures.recordsPerSecond()
    }

    var text: String {
        let cells = [
            String(resources), Self.text(reading), Self.text(creation), Self.text(idle),
            Self.text(coldScan), Self.text(warmScan), String(warmCalls), String(Int(records)),
        ]
        let widths = [9, 7, 7, 13, 9, 9, 10, 9]
        return zip(cells, widths)
            .map { cell, width in
                String(repeating: " ", count: max(0, width - cell.count)) + cell
            }
            .joined(separator: "  ")
    }

    private static func text(_ milliseconds: Double) -> String {
        String(Double(Int(milliseconds * 10)) / 10)
    }
}

/// Milliseconds; the best of three, since everything else on the machine only adds to it.
enum Stopwatch {
    static func best<Value>(_ work: () throws -> Value) throws -> (value: Value, time: Double) {
        var best = try timed(work)
        for _ in 0..<2 {
            let next = try timed(work)
            if next.time < best.time { best = next }
        }
        return best
    }

    static func milliseconds(_ duration: Duration) -> Double { duration / .milliseconds(1) }

    private static func timed<Value>(
        _ work: () throws -> Value
    ) rethrows -> (value: Value, time: Double) {
        let start = ContinuousClock.now
        let value = try work()
        return (value, milliseconds(ContinuousClock.now - start))
    }
}

/// A mesh of services that each have a node, a router and a route.
struct SampleMesh {
    let services: Int

    /// Room for every size.
    static var options: MeshOptions {
        var options = MeshOptions()
        for kind in Kind.allCases { try? options.quotas.set("\(kind.rawValue)=100000") }
        return options
    }

    var files: [SourceFile] {
        let mesh = "kind: Mesh\nmeshName: bench\n"
        return [SourceFile(path: "mesh/mesh.yaml", bytes: Array(mesh.utf8))]
            + (0..<services)
            .map { SourceFile(path: "mesh/s\($0).yaml", bytes: Array(Self.text($0).utf8)) }
    }

    func desired() throws -> DesiredState {
        let tree = SourceTree(files: files)
        let reading = ManifestReading.read(tree, ManifestSettings(mesh: "bench"))
        guard !reading.hasErrors, let desired = reading.desired.first else {
            throw BenchmarkError(message: "\(reading.diagnostics)")
        }
        return desired
    }

    func plan(_ desired: DesiredState, live: [ResourceID: LiveResource]) -> Plan {
        let applied = live.mapValues { live in
            AppliedResource(body: live.spec, baseline: live.spec, version: live.version)
        }
        let commit = String(repeating: "a", count: 40)
        return Planner.plan(
            PlanInput(
                target: Target(name: "bench", mesh: "bench", account: "", region: "", endpoint: ""),
                revision: Revision(
                    ref: "main",
                    commit: commit,
                    tree: commit,
                    author: "",
                    subject: ""
                ),
                desired: desired,
                live: MeshState(mesh: "bench", resources: live),
                applied: AppliedState(resources: applied, holds: [:]),
                ledgerID: "bench"
            )
        )
    }

    static func text(_ index: Int, log: String = "/dev/stdout") -> String {
        """
        kind: VirtualNode
        virtualNodeName: n\(index)
        spec:
          logging: { accessLog: { file: { path: \(log) } } }
          listeners: [{ portMapping: { port: 8080, protocol: http } }]
          serviceDiscovery: { dns: { hostname: n\(index).example } }
        ---
        kind: VirtualRouter
        virtualRouterName: r\(index)
        spec: { listeners: [{ portMapping: { port: 8080, protocol: http } }] }
        ---
        kind: Route
        virtualRouterName: r\(index)
        routeName: main
        spec:
          httpRoute:
            match: { prefix: "/" }
            action: { weightedTargets: [{ virtualNode: n\(index), weight: 1 }] }
        ---
        kind: VirtualService
        virtualServiceName: s\(index).example
        spec: { provider: { virtualRouter: { virtualRouterName: r\(index) } } }

        """
    }
}

/// What a scan costs when everything is new, and when nothing moved.
struct ScanFigures: Sendable {
    let cold: Double
    let warm: Double
    let warmCalls: Int
    let live: [ResourceID: LiveResource]

    init(endpoint: String, _ desired: DesiredState) async throws {
        let credentials = FixedCredentials(
            Credentials(
                accessKeyID: "bench",
                secretAccessKey: Secret("bench"),
                source: "benchmark"
            )
        )
        guard let place = ServiceEndpoint(endpoint) else {
            throw BenchmarkError(message: "'\(endpoint)' is no endpoint")
        }
        let configuration = AppMeshClient.Configuration(
            region: "eu-west-1",
            endpoint: place,
            credentials: CredentialChain([credentials])
        )
        let client = AppMeshClient(configuration)
        let order: [Kind] = [.mesh, .virtualNode, .virtualRouter, .route, .virtualService]
        for kind in order {
            for resource in desired.resources.values where resource.id.kind == kind {
                _ = try await client.create(resource.id, spec: resource.spec, clientToken: nil)
            }
        }
        let fresh = AppMeshClient(configuration)
        let start = ContinuousClock.now
        live = try await fresh.scan(mesh: desired.mesh).resources
        let middle = ContinuousClock.now
        let before = fresh.counter.total
        _ = try await fresh.scan(mesh: desired.mesh)
        warmCalls = fresh.counter.total - before
        cold = Stopwatch.milliseconds(middle - start)
        warm = Stopwatch.milliseconds(ContinuousClock.now - middle)
    }
}

/// How fast the ledger takes what a rollout writes for one resource.
enum LedgerFigures {
    static func recordsPerSecond() throws -> Double {
        let path = FileManager.default.temporaryDirectory.appending(path: "bench-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = StateFolder(path)
        let lock = try StateLock(folder, command: "bench", now: Date())
        let ledger = try Ledger(writing: folder, under: lock)
        let context = RecordContext(time: 0, mesh: "bench", revision: nil, actor: "bench")
        let checkpoint = Array(repeating: UInt8(ascii: "x"), count: 4096)
        let batches = 200
        let start = ContinuousClock.now
        for index in 0..<batches {
            let id = ResourceID.virtualNode("n\(index)", mesh: "bench")
            let entries = [
                LedgerEntry(.intent, resource: id, intent: "i\(index)", after: .empty),
                LedgerEntry(.outcome, resource: id, intent: "i\(index)", after: .empty),
                LedgerEntry(.applied, resource: id, after: .empty),
            ]
            try ledger.commit(entries, checkpoint: .store(checkpoint), as: context)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return Double(batches * 3) / seconds
    }
}

struct BenchmarkError: Error {
    let message: String
}
