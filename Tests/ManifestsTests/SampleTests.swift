import Foundation
import Manifests
import MeshModel
import Testing

/// The sample that a newcomer copies and the demo applies.
struct SampleTests {
    static func sample(file: StaticString = #filePath) throws -> SourceTree {
        let folder = URL(filePath: "\(file)").deletingLastPathComponent()
            .appending(path: "../../manifests/shop").standardized
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let files = try names.map { name in
            let bytes = try Data(contentsOf: folder.appending(path: name))
            return SourceFile(path: "manifests/shop/\(name)", bytes: Array(bytes))
        }
        return SourceTree(files: files)
    }

    @Test(arguments: [nil, Set<ResourceID>()])
    func readsWithoutAFinding(live: Set<ResourceID>?) throws {
        let settings = ManifestSettings(mesh: "shop", live: live)
        let reading = ManifestReading.read(try Self.sample(), settings)
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.skippedDocumentCount == 0)
    }

    @Test func declaresAWholeShop() throws {
        let reading = ManifestReading.read(try Self.sample(), ManifestSettings())
        let shop = try #require(reading.mesh)
        #expect(shop.mesh == "shop")
        let kinds = Dictionary(grouping: shop.resources.keys, by: \.kind).mapValues(\.count)
        #expect(kinds[.virtualService] == 8)
        #expect(kinds[.virtualNode] == 9)
        #expect(kinds[.route] == 8)
        #expect(kinds[.gatewayRoute] == 3)
        let route = ResourceID.route("main", router: "checkout", mesh: "shop")
        let spec = try #require(shop.resources[route]?.spec)
        let targets = try #require(RouteTraffic(spec)?.targets)
        #expect(targets.map(\.target.node) == ["checkout-v1", "checkout-v2"])
        #expect(targets.map(\.weight) == [100, 0])
    }

    @Test func rollsCheckoutOutBehindAGate() throws {
        let settings = ManifestSettings(
            variables: [
                "SOAK": "500ms", "INTERVAL": "200ms", "METRICS_URL": "http://127.0.0.1:1/m",
            ]
        )
        let shop = try #require(ManifestReading.read(try Self.sample(), settings).mesh)
        let route = ResourceID.route("main", router: "checkout", mesh: "shop")
        let policy = try #require(RolloutPolicy.policy(for: route, in: shop.policies))
        #expect(policy.steps == [10, 50, 100])
        #expect(policy.soak == .milliseconds(500))
        #expect(policy.gates.first?.every == .milliseconds(200))
        guard case .scrape(let url, let good, _) = policy.gates.first?.source else {
            Issue.record("the gate has no scrape")
            return
        }
        #expect(url == "http://127.0.0.1:1/m")
        #expect(good.labels["envoy_cluster_name"] == "cds_egress_shop_${new.node}_http_8080")
    }
}
