import Manifests
import MeshModel
import Testing

/// Findings that need more than one resource, or a target, to be seen.
struct LintTests {
    private static func node(_ name: String, _ spec: String = "{}") -> String {
        "---\n{ kind: VirtualNode, meshName: shop, virtualNodeName: \(name), spec: \(spec) }\n"
    }

    private static let mesh = "{ kind: Mesh, meshName: shop }\n"

    /// At the peak of a rollout old and new resources exist side by side.
    @Test(arguments: [(198, 0), (199, 1), (200, 2)])
    func quotasCountWhatIsLiveAsWell(liveCount: Int, findings: Int) {
        var live: Set = [ResourceID.mesh("shop"), .virtualNode("both", mesh: "shop")]
        for number in 1..<liveCount { live.insert(.virtualNode("old\(number)", mesh: "shop")) }
        live.insert(.virtualNode("elsewhere", mesh: "bank"))
        let text = Self.mesh + Self.node("both") + Self.node("new1") + Self.node("new2")
        let reading = read(yaml: text, ManifestSettings(mesh: "shop", live: live))
        let quota = reading.warnings.filter { $0.code == "quota" }
        #expect(quota.count == min(findings, 1))
        #expect(reading.errors.isEmpty)
    }

    @Test func everyQuotaIsKnown() {
        func gateway(_ number: Int) -> String {
            let listener = "{ portMapping: { port: 80, protocol: http } }"
            return "---\n{ kind: VirtualGateway, meshName: shop, virtualGatewayName: g\(number), "
                + "spec: { listeners: [\(listener)] } }\n"
        }
        let gateways = (1...4).map(gateway).joined()
        let backends = (1...51).map { "{ virtualService: { virtualServiceName: s\($0) } }" }
        let busy = Self.node("busy", "{ backends: [\(backends.joined(separator: ", "))] }")
        let reading = read(yaml: Self.mesh + gateways + busy)
        let quotas = reading.warnings.filter { $0.code == "quota" }.map(\.message)
        #expect(quotas.count == 2)
        #expect(quotas.contains { $0.hasPrefix("mesh/shop would hold 4 of kind VirtualGateway") })
        #expect(quotas.contains { $0.hasPrefix("virtualNode/busy has 51 backends") })
    }

    @Test(arguments: [
        ("arn:aws:acm:eu-west-1:111122223333:certificate/1", nil),
        ("arn:aws:acm:us-east-1:111122223333:certificate/1", "foreignARN"),
        ("arn:aws:acm:eu-west-1:999999999999:certificate/1", "foreignARN"),
        ("arn:aws-cn:acm:eu-west-1:111122223333:certificate/1", "foreignARN"),
        ("certificate/1", "badARN"),
    ])
    func certificatesOfElsewhereAreFound(arn: String, code: String?) {
        let spec = """
            { serviceDiscovery: { dns: { hostname: a } }, listeners: [{
            portMapping: { port: 1, protocol: http },
            tls: { mode: STRICT, certificate: { acm: { certificateArn: "\(arn)" } } } }] }
            """
        let settings = ManifestSettings(account: "111122223333", region: "eu-west-1")
        #expect(
            read(yaml: Self.mesh + Self.node("a", spec), settings).codes
                == [code].compactMap(\.self)
        )
    }

    @Test func oneBrokenFileHidesNothingElsewhere() {
        let reading = read([
            "a.yaml": "kind: Mesh\n  meshName: shop\n",
            "b.json": "{",
            "c.yaml": Self.mesh + Self.node("a", "{ listener: [] }"),
            "d.yaml": Self.node(
                "b",
                "{ backends: [{ virtualService: { virtualServiceName: x } }] }"
            ),
        ])
        #expect(reading.codes == ["badYAML", "badJSON", "unknownField", "missingReference"])
        #expect(
            reading.diagnostics.compactMap(\.position?.file) == [
                "a.yaml", "b.json", "c.yaml", "d.yaml",
            ]
        )
    }

    @Test func findingsOfTheTreesOwnerAreKept() {
        let link = Diagnostic(
            .error,
            "symlink",
            at: SourcePosition(file: "z.yaml", line: 1, column: 1),
            "'z.yaml' is a symbolic link"
        )
        let tree = SourceTree(files: [], diagnostics: [link])
        #expect(ManifestReading.read(tree, ManifestSettings()).diagnostics == [link])
    }

    // MARK: - Policies

    private static func policy(_ name: String, _ glob: String, _ more: String = "") -> String {
        """
        ---
        apiVersion: plumbline.dev/v1
        kind: RolloutPolicy
        metadata: { name: \(name) }
        spec: { routes: ["\(glob)"], steps: [50, 100], soak: 10m\(more) }

        """
    }

    @Test(arguments: [
        ("virtualRouter/a/route/main", "exact"), ("virtualRouter/a/route/other", "router"),
        ("virtualRouter/b/route/main", "any"), ("virtualRouter/b/route/x%2Fy", "any"),
    ])
    func theClosestGlobDecides(address: String, name: String) throws {
        let text =
            Self.mesh + Self.policy("any", "virtualRouter/*/route/*")
            + Self.policy("router", "virtualRouter/a/route/*")
            + Self.policy("exact", "virtualRouter/a/route/main")
        let reading = read(yaml: text)
        #expect(reading.errors.isEmpty)
        let policies = try #require(reading.mesh?.policies)
        let id = try #require(ResourceID(address: address, mesh: "shop"))
        #expect(RolloutPolicy.policy(for: id, in: policies)?.name == name)
    }

    @Test func aDeadlineThatCannotBeMetIsSaid() {
        let route = "virtualRouter/a/route/main"
        #expect(read(yaml: Self.policy("p", route)).diagnostics.isEmpty)
        let short = read(yaml: Self.policy("p", route, ", deadline: 15m"))
        #expect(short.warnings.map(\.code) == ["deadlineTooShort"])
    }
}
