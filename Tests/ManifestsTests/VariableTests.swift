import Manifests
import MeshModel
import Testing

/// Variables fill scalar values of mesh documents in, and nothing else.
struct VariableTests {
    private static func hostname(_ text: String, _ variables: [String: String] = [:]) -> String? {
        let yaml = """
            kind: VirtualNode
            virtualNodeName: web
            spec:
              serviceDiscovery: { dns: { hostname: '\(text)' } }
            """
        let reading = read(yaml: yaml, ManifestSettings(variables: variables))
        guard !reading.hasErrors, let spec = reading.mesh?.resources.values.first?.spec,
            case .dns(let hostname) = ServiceDiscovery(spec)
        else { return nil }
        return hostname
    }

    @Test(arguments: [
        ("${A}", "1"), ("x${A}y${A}z", "x1y1z"), ("${B:=2}", "2"), ("${A:=2}", "1"),
        ("${B:=}", ""), ("${B:=a:=b}", "a:=b"), ("$${A}", "${A}"), ("$${", "${"), ("a$", "a$"),
        ("^/x$", "^/x$"), ("$1", "$1"), ("$$", "$$"), ("{A}", "{A}"), ("${_x1}", "under"),
        ("${E}", ""), ("${NO}", "no"), ("${QUOTE}", "a: [b"),
    ])
    func fills(text: String, filled: String) {
        let variables = ["A": "1", "_x1": "under", "E": "", "NO": "no", "QUOTE": "a: [b"]
        #expect(Self.hostname(text, variables) == filled)
    }

    @Test(arguments: [
        "${B}", "${1A}", "${A-B}", "${}", "${A", "$A", "$_", "{{ A }}", "{{.Values.a}}", "${A:-b}",
        "${A:?b}", "${new.node}", "${old.node}", "${env:A}",
    ])
    func refuses(text: String) {
        #expect(Self.hostname(text, ["A": "1"]) == nil)
    }

    @Test func valuesAreNotFilledInAgain() {
        #expect(Self.hostname("${A}", ["A": "${B}", "B": "x"]) == "${B}")
    }

    @Test func plainScalarsAreTypedAgain() throws {
        let yaml = """
            kind: VirtualNode
            virtualNodeName: ${NAME}
            spec:
              serviceDiscovery:
                dns:
                  hostname: ${NAME}.shop
              listeners:
                - portMapping:
                    port: ${PORT}
                    protocol: ${PROTOCOL:=http}
            """
        let settings = ManifestSettings(variables: ["NAME": "web", "PORT": "8080"])
        let reading = read(yaml: yaml, settings)
        #expect(reading.diagnostics.isEmpty)
        let spec = try #require(reading.resource("virtualNode/web")?.spec)
        #expect(Listener.list(in: spec).map(\.port) == [8080])
    }

    @Test func aValueAddsNoStructure() {
        let text = "kind: VirtualNode\nvirtualNodeName: web\nspec: ${SPEC}\n"
        let settings = ManifestSettings(variables: ["SPEC": "{ listeners: [] }"])
        #expect(read(yaml: text, settings).codes == ["wrongType"])
    }

    @Test func keysAndOtherKindsAreLeftAlone() {
        let text = """
            apiVersion: v1
            kind: ConfigMap
            data: { a: "$HOME ${UNDEFINED} {{ x }}" }
            ---
            kind: Mesh
            meshName: shop
            tags: [{ key: "${K:=k}", value: v }]
            """
        #expect(read(yaml: text).diagnostics.isEmpty)
    }

    @Test func namespacesAreFilledInWhereTheyDecide() {
        let text = """
            apiVersion: v1
            kind: Namespace
            metadata: { name: "${NS}", labels: { mesh: "${MESH}" }, annotations: { x: $Y } }
            ---
            apiVersion: appmesh.k8s.aws/v1beta2
            kind: Mesh
            metadata: { name: "${MESH}" }
            spec: { namespaceSelector: { matchLabels: { mesh: "${MESH}" } } }
            ---
            apiVersion: appmesh.k8s.aws/v1beta2
            kind: VirtualNode
            metadata: { name: web, namespace: "${NS}" }
            """
        let reading = read(yaml: text, ManifestSettings(variables: ["NS": "a", "MESH": "shop"]))
        #expect(reading.errors.isEmpty)
        #expect(reading.resource("virtualNode/web_a") != nil)
    }

    @Test func sampleNamesStayInGates() throws {
        let text = """
            apiVersion: plumbline.dev/v1
            kind: RolloutPolicy
            metadata: { name: checkout }
            spec:
              routes: ["virtualRouter/a/route/*"]
              steps: [50, 100]
              soak: ${SOAK:=2m}
              gates:
                - name: ${NAME:=rate}
                  prometheus: { url: "${URL}", query: 'x{node="${new.node}",old="${old.node}"}' }
                  max: ${MAX:=0.5}
            ---
            { kind: Mesh, meshName: shop }
            """
        let settings = ManifestSettings(variables: ["URL": "https://prom.example.com"])
        let reading = read(yaml: text, settings)
        #expect(reading.diagnostics.isEmpty)
        let gate = try #require(reading.mesh?.policies.first?.gates.first)
        #expect(gate.name == "rate")
        #expect(gate.max == 0.5)
        #expect(gate.min == nil)
        #expect(
            gate.source
                == .prometheus(
                    url: "https://prom.example.com",
                    query: #"x{node="${new.node}",old="${old.node}"}"#
                )
        )
    }
}
