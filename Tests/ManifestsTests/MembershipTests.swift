import Manifests
import MeshModel
import Testing

/// Names, meshes, gateways: what a document is called once it is in the API.
struct MembershipTests {
    private static func crd(
        _ kind: String,
        _ name: String,
        namespace: String? = nil,
        _ spec: String = "{}"
    ) -> String {
        let namespace = namespace.map { ", namespace: \($0)" } ?? ""
        return """
            ---
            apiVersion: appmesh.k8s.aws/v1beta2
            kind: \(kind)
            metadata: { name: \(name)\(namespace) }
            spec: \(spec)

            """
    }

    private static func namespace(_ name: String, _ labels: String) -> String {
        "---\n{ apiVersion: v1, kind: Namespace, metadata: { name: \(name), labels: \(labels) } }\n"
    }

    private static let listener = "listeners: [{ portMapping: { port: 80, protocol: http } }]"
    private static let match = "match: { prefix: / }"

    private static func gatewayRoute(_ name: String, _ more: String = "") -> String {
        let target = "action: { target: { virtualService: { virtualServiceRef: { name: s } } } }"
        return crd(
            "GatewayRoute",
            name,
            "{ \(more) httpRoute: { \(match), \(target) } }"
        )
    }

    // MARK: - Names

    @Test func apiNamesAreMadeAsTheControllerMadeThem() {
        let text =
            Self.crd("Mesh", "shop")
            + Self.crd("VirtualNode", "n", namespace: "ns")
            + Self.crd("VirtualNode", "m", namespace: "ns", "{ awsName: own }")
            + Self.crd("VirtualRouter", "r", "{ \(Self.listener) }")
            + Self.crd("VirtualService", "s", namespace: "ns")
            + Self.crd("VirtualGateway", "g", "{ \(Self.listener) }")
            + Self.gatewayRoute("gr")
        let reading = read(yaml: text, ManifestSettings(namespace: "prod"))
        #expect(reading.errors.isEmpty)
        let addresses = reading.mesh?.resources.keys.sorted().map(\.address)
        #expect(
            addresses == [
                "mesh/shop", "virtualNode/n_ns", "virtualNode/own", "virtualRouter/r_prod",
                "virtualService/s.ns", "virtualGateway/g_prod",
                "virtualGateway/g_prod/gatewayRoute/gr_prod",
            ]
        )
    }

    @Test func inlineRoutesBecomeResources() throws {
        let target = "{ virtualNodeRef: { name: v1, namespace: other }, weight: 1 }"
        let routes = """
            { \(Self.listener), routes: [{ name: main, priority: 0,
              httpRoute: { \(Self.match), action: { weightedTargets: [\(target)] } } }] }
            """
        let text =
            Self.crd("Mesh", "shop") + Self.crd("VirtualRouter", "r", namespace: "ns", routes)
        let reading = read(yaml: text)
        #expect(reading.errors.isEmpty)
        let route = try #require(reading.resource("virtualRouter/r_ns/route/main"))
        #expect(RouteTraffic(route.spec)?.targets.map(\.target.node) == ["v1_other"])
        #expect(RouteTraffic(route.spec)?.priority == 0)
        #expect(route.position.line == 10)
        let router = try #require(reading.resource("virtualRouter/r_ns"))
        #expect(router.spec.members?.count == 1)
    }

    @Test func referencesTakeTheNameOfTheirDocument() throws {
        let provider = "{ provider: { virtualNode: { virtualNodeRef: { name: n } } } }"
        let arn = "arn:aws:appmesh:eu-west-1:111122223333:mesh/shop/virtualRouter/far"
        let text =
            Self.crd("Mesh", "shop")
            + Self.crd("VirtualNode", "n", namespace: "ns", "{ awsName: x }")
            + Self.crd("VirtualService", "s", namespace: "ns", provider)
            + Self.crd(
                "VirtualService",
                "t",
                namespace: "ns",
                "{ provider: { virtualRouter: { virtualRouterARN: '\(arn)' } } }"
            )
        let reading = read(yaml: text)
        #expect(reading.errors.isEmpty)
        let near = try #require(reading.resource("virtualService/s.ns"))
        #expect(ServiceProvider(near.spec) == .virtualNode("x"))
        let far = try #require(reading.resource("virtualService/t.ns"))
        #expect(ServiceProvider(far.spec) == .virtualRouter("far"))
    }

    // MARK: - Meshes

    @Test func aMeshIsFoundInTheOrderOfTheLaw() {
        let labels = Self.namespace("a", "{ team: red }") + Self.namespace("b", "{ team: blue }")
        let red = Self.crd("Mesh", "red", "{ namespaceSelector: { matchLabels: { team: red } } }")
        let blue = Self.crd("Mesh", "blue", "{ awsName: BLUE }")
        let nodes =
            Self.crd("VirtualNode", "one", namespace: "a")
            + Self.crd("VirtualNode", "two", namespace: "b")
            + Self.crd("VirtualNode", "three", namespace: "b", "{ meshRef: { name: blue } }")
        let reading = read(yaml: labels + red + blue + nodes)
        #expect(reading.errors.isEmpty)
        let found = reading.desired.map { state in
            [state.mesh: state.resources.keys.filter { $0.kind == .virtualNode }.map(\.name)]
        }
        #expect(found == [["?": ["two_b"]], ["BLUE": ["three_b"]], ["red": ["one_a"]]])
    }

    @Test(arguments: [
        ("{ matchLabels: { a: x } }", true), ("{ matchLabels: { a: y } }", false), ("{}", true),
        ("{ matchExpressions: [{ key: a, operator: In, values: [x, y] }] }", true),
        ("{ matchExpressions: [{ key: a, operator: NotIn, values: [x] }] }", false),
        ("{ matchExpressions: [{ key: b, operator: NotIn, values: [x] }] }", true),
        ("{ matchExpressions: [{ key: a, operator: Exists }] }", true),
        ("{ matchExpressions: [{ key: a, operator: DoesNotExist }] }", false),
        ("{ matchLabels: { kubernetes.io/metadata.name: ns } }", true),
    ])
    func selectorsSelectAsInKubernetes(selector: String, isSelected: Bool) {
        let text =
            Self.namespace("ns", "{ a: x }") + Self.crd("Mesh", "other")
            + Self.crd("Mesh", "shop", "{ namespaceSelector: \(selector) }")
            + Self.crd("VirtualNode", "n", namespace: "ns")
        let reading = read(yaml: text)
        #expect(reading.errors.isEmpty)
        let mesh = reading.desired.first { $0.resources.keys.contains { $0.kind == .virtualNode } }
        #expect(mesh?.mesh == (isSelected ? "shop" : "?"))
    }

    @Test func twoMeshesForOneNamespaceAreAnError() {
        let text =
            Self.crd("Mesh", "a", "{ namespaceSelector: {} }")
            + Self.crd("Mesh", "b", "{ namespaceSelector: {} }") + Self.crd("VirtualNode", "n")
        #expect(read(yaml: text).errors.map(\.code) == ["ambiguousMesh"])
    }

    @Test func offlineAMeshMayBeUnknown() {
        let text = Self.crd("VirtualNode", "n")
        #expect(read(yaml: text).diagnostics.isEmpty)
        #expect(read(yaml: text, ManifestSettings(mesh: "shop")).diagnostics.isEmpty)
        #expect(read(yaml: text, ManifestSettings(live: [])).codes == ["noMesh"])
    }

    @Test func aMeshMustBeDeclaredOrLive() {
        let text = Self.crd("VirtualNode", "n") + Self.crd("VirtualNode", "m")
        let absent = ManifestSettings(mesh: "shop", live: [])
        #expect(read(yaml: text, absent).codes == ["missingMesh"])
        let live = ManifestSettings(mesh: "shop", live: [.mesh("shop")])
        #expect(read(yaml: text, live).diagnostics.isEmpty)
        #expect(read(yaml: text + Self.crd("Mesh", "shop"), absent).diagnostics.isEmpty)
    }

    /// An empty tree still says what it wants of the target's mesh: nothing.
    @Test func theTargetsMeshAlwaysHasAState() {
        let reading = read([:], ManifestSettings(mesh: "shop", live: []))
        #expect(reading.mesh?.mesh == "shop")
        #expect(reading.mesh?.resources.isEmpty == true)
        #expect(read([:]).desired.isEmpty)
    }

    @Test func resourcesOfAnotherMeshAreAnError() {
        let text = "kind: VirtualNode\nvirtualNodeName: n\nmeshName: bank\n"
        #expect(read(yaml: text, ManifestSettings(mesh: "shop")).codes == ["foreignMesh"])
        #expect(read(yaml: text).mesh?.mesh == "bank")
    }

    // MARK: - Gateways

    private static let service = crd("VirtualService", "s")
    private static let mesh = crd("Mesh", "shop")

    private static func gateway(_ name: String, _ more: String = "") -> String {
        crd("VirtualGateway", name, "{ \(more) \(listener) }")
    }

    @Test func aGatewayIsFoundInTheOrderOfTheLaw() {
        let two = Self.mesh + Self.service + Self.gateway("a")
        let labels = Self.namespace("default", "{ in: b }")
        let selecting = Self.gateway("b", "namespaceSelector: { matchLabels: { in: b } },")
        func parent(_ text: String, _ settings: ManifestSettings = ManifestSettings()) -> String? {
            let reading = read(yaml: text, settings)
            return reading.mesh?.resources.keys.first { $0.kind == .gatewayRoute }?.parent
        }
        #expect(parent(two + Self.gatewayRoute("r")) == "a_default")
        #expect(parent(two + selecting + labels + Self.gatewayRoute("r")) == "b_default")
        let named = Self.gatewayRoute("r", "virtualGatewayRef: { name: a },")
        #expect(parent(two + selecting + labels + named) == "a_default")
        let live = ManifestSettings(mesh: "shop", live: [.virtualGateway("far", mesh: "shop")])
        #expect(parent(Self.mesh + Self.service + Self.gatewayRoute("r"), live) == "far")
    }

    @Test func aRouteWithoutAGatewayIsAWarningOfflineAndAnErrorElse() {
        let text = Self.mesh + Self.service + Self.gatewayRoute("r")
        #expect(read(yaml: text).warnings.map(\.code) == ["noGateway"])
        #expect(
            read(yaml: text, ManifestSettings(isStrict: true)).errors.map(\.code) == ["noGateway"]
        )
        #expect(read(yaml: text, ManifestSettings(live: [])).errors.map(\.code) == ["noGateway"])
        let two = text + Self.gateway("a") + Self.gateway("b")
        #expect(read(yaml: two, ManifestSettings(live: [])).errors.map(\.code) == ["noGateway"])
    }

    // MARK: - References

    @Test func missingReferencesAreWarningsOfflineAndErrorsElse() {
        let text =
            Self.mesh
            + Self.crd(
                "VirtualService",
                "s",
                "{ provider: { virtualNode: { virtualNodeRef: { name: n } } } }"
            )
        #expect(read(yaml: text).warnings.map(\.code) == ["missingReference"])
        #expect(!read(yaml: text).hasErrors)
        #expect(read(yaml: text, ManifestSettings(isStrict: true)).hasErrors)
        #expect(
            read(yaml: text, ManifestSettings(live: [])).errors.map(\.code) == ["missingReference"]
        )
        let live = ManifestSettings(live: [.virtualNode("n_default", mesh: "shop")])
        #expect(read(yaml: text, live).diagnostics.isEmpty)
    }

    @Test func selectorsAreNotedOnce() {
        let selector = "{ podSelector: { matchLabels: { a: x } } }"
        let text = Self.crd("VirtualNode", "n", selector) + Self.crd("VirtualNode", "m", selector)
        let reading = read(yaml: text)
        #expect(reading.codes == ["notActedOn"])
        #expect(reading.diagnostics.first?.severity == .notice)
    }
}
