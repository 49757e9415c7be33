import MeshModel
import Settings
import Testing
import Yams

/// What a cluster would be given, rendered by whatever kubectl is at hand.
@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: Tool.canJudge("kubectl"), "kubectl is not here; run .ci/setup")
)
struct OverlayTests {
    @Test func theOverlaysAreThere() {
        #expect(
            Deployment.renderings == [
                "base", "overlays/dev", "overlays/eks-irsa", "overlays/eks-pod-identity",
                "overlays/prod",
            ]
        )
    }

    @Test(arguments: Deployment.renderings)
    func everythingStandsInOneNamespace(_ path: String) async throws {
        let objects = try await Deployment.render(path)
        let kinds: Set = [
            "Namespace", "ServiceAccount", "Role", "RoleBinding", "Service", "StatefulSet",
            "PodDisruptionBudget", "NetworkPolicy", "ConfigMap",
        ]
        #expect(kinds.isSubset(of: objects.map(\.kind)))
        #expect(Set(objects.map { "\($0.kind)/\($0.name)" }).count == objects.count)
        for object in objects where object.kind != "Namespace" {
            #expect(object.node["metadata"]?["namespace"]?.string == "plumbline", "\(object.name)")
        }
    }

    @Test(arguments: Deployment.renderings)
    func thePodMayDoAsLittleAsPossible(_ path: String) async throws {
        let pod = try await Deployment.render(path).pod()
        let rights = try #require(pod["securityContext"])
        #expect(rights["runAsNonRoot"]?.bool == true)
        #expect(rights["runAsUser"]?.int == 65532)
        #expect(rights["runAsGroup"]?.int == 65532)
        #expect(rights["fsGroup"]?.int == 65532)
        #expect(rights["seccompProfile"]?["type"]?.string == "RuntimeDefault")
        #expect(pod["hostNetwork"] == nil && pod["hostPID"] == nil && pod["hostIPC"] == nil)
        let containers = try #require(pod["containers"]).items
        #expect(!containers.isEmpty)
        for container in containers {
            let rights = try #require(container["securityContext"])
            #expect(rights["readOnlyRootFilesystem"]?.bool == true)
            #expect(rights["allowPrivilegeEscalation"]?.bool == false)
            #expect(rights["capabilities"]?["drop"]?.strings == ["ALL"])
            #expect(rights["capabilities"]?["add"] == nil && rights["privileged"] == nil)
            let resources = try #require(container["resources"])
            #expect(resources["limits"]?["memory"]?.string != nil)
            #expect(resources["requests"]?["memory"]?.string != nil)
            #expect(resources["requests"]?["cpu"]?.string != nil)
            let image = try #require(container["image"]?.string)
            #expect(image.contains(":") && !image.hasSuffix(":latest"), "\(image)")
        }
    }

    @Test(arguments: Deployment.renderings)
    func thePodIsOneAndEndsInPeace(_ path: String) async throws {
        let objects = try await Deployment.render(path)
        #expect(try objects.only("StatefulSet").spec?["replicas"]?.int == 1)
        #expect(try objects.only("PodDisruptionBudget").spec?["maxUnavailable"]?.int == 1)
        let pod = try objects.pod()
        #expect(try #require(pod["terminationGracePeriodSeconds"]?.int) >= 60)
        let agent = try agent(of: pod)
        for (probe, path) in ["startup": "/startupz", "liveness": "/livez", "readiness": "/readyz"]
        {
            let request = try #require(agent[.init("\(probe)Probe")]?["httpGet"], "\(probe)")
            #expect(request["path"]?.string == path)
            #expect(request["port"]?.string == "api")
        }
    }

    @Test(arguments: Deployment.renderings)
    func theSettingsAreAcceptedAndFitThePod(_ path: String) async throws {
        let objects = try await Deployment.render(path)
        let pod = try objects.pod()
        let volumes = try #require(pod["volumes"]).items
        let mounted = volumes.flatMap { $0["projected"]?["sources"]?.items ?? [] }
            .compactMap { $0["configMap"]?["name"]?.string }
        let map = try #require(
            objects.first { $0.kind == "ConfigMap" && mounted.contains($0.name) }
        )
        let text = try #require(map.node["data"]?["agent.yaml"]?.string)
        let (settings, diagnostics) = AgentSettings.read(
            Array(text.utf8),
            file: "/etc/plumbline/agent.yaml",
            environment: [:],
            today: CalendarDay(secondsSince1970: 1_795_219_200)
        )
        #expect(diagnostics.isEmpty, "\(diagnostics.map(\.message))")
        let known = try #require(settings)
        let agent = try agent(of: pod)
        let mounts = try #require(agent["volumeMounts"]).items
            .compactMap { $0["mountPath"]?.string }
        #expect(mounts.contains(known.state))
        // The Role allows one Lease, by its name.
        let rules = try #require(try objects.only("Role").node["rules"]).items
        #expect(rules.flatMap { $0["resourceNames"]?.strings ?? [] } == [known.cluster.lease])
        let files =
            known.webhookSecretFiles + [known.git.credentials?.passwordFile].compactMap(\.self)
            + [known.bitbucket?.tokenFile].compactMap(\.self)
        #expect(files.allSatisfy { $0.hasPrefix("/etc/plumbline/") }, "\(files)")
        let ports = try #require(agent["ports"]).items
        #expect(port("webhooks", of: ports) == known.listen.webhooks?.port)
        #expect(port("api", of: ports) == known.listen.api?.port)
    }

    /// The agent tells the cluster about this pod, and holds the Lease under its name.
    @Test(arguments: Deployment.renderings)
    func thePodKnowsWhoItIs(_ path: String) async throws {
        let variables = try #require(try agent(of: await Deployment.render(path).pod())["env"])
        let fields = variables.items.compactMap { variable in
            variable["valueFrom"]?["fieldRef"]?["fieldPath"]?.string
                .map { "\(variable["name"]?.string ?? "") \($0)" }
        }
        let known = [
            "POD_NAME metadata.name", "POD_NAMESPACE metadata.namespace", "POD_UID metadata.uid",
        ]
        #expect(fields.sorted() == known)
    }

    /// Who applies the base as it stands must not find a mesh changed.
    @Test func theBaseOnlyLooks() async throws {
        let objects = try await Deployment.render("base")
        let text = try #require(try objects.only("ConfigMap").node["data"]?["agent.yaml"]?.string)
        let settings =
            AgentSettings.read(
                Array(text.utf8),
                file: "agent.yaml",
                environment: [:],
                today: CalendarDay(secondsSince1970: 1_795_219_200)
            )
            .settings
        let targets = try #require(settings).targets
        #expect(targets.allSatisfy { $0.onCommit == .plan && $0.onDrift == .report })
        #expect(targets.allSatisfy { !$0.prune.isEnabled })
    }

    private func agent(of pod: Node) throws -> Node {
        try #require(pod["containers"]?.items.first { $0["name"]?.string == "agent" })
    }

    private func port(_ name: String, of ports: [Node]) -> Int? {
        ports.first { $0["name"]?.string == name }?["containerPort"]?.int
    }
}
