import Testing
import Yams

/// Who reaches the pod, whom it reaches, and what the cluster lets it do.
@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: Tool.canJudge("kubectl"), "kubectl is not here; run .ci/setup")
)
struct AccessTests {
    @Test(arguments: Deployment.renderings)
    func theRoleIsAboutOneLeaseAndEvents(_ path: String) async throws {
        let objects = try await Deployment.render(path)
        #expect(objects.allSatisfy { !$0.kind.hasPrefix("Cluster") })
        let rules = try #require(try objects.only("Role").node["rules"]).items
        for rule in rules {
            let resources = rule["resources"]?.strings ?? []
            let verbs = Set(rule["verbs"]?.strings ?? [])
            switch resources {
            case ["events"]:
                #expect(verbs == ["create"])
                #expect(rule["apiGroups"]?.strings == ["events.k8s.io"])
            // The API server cannot hold a name against what does not exist yet.
            case ["leases"] where verbs == ["create"]: break
            case ["leases"]:
                #expect(verbs == ["get", "update"])
                #expect(rule["resourceNames"]?.strings == ["plumbline"])
            default: Issue.record("\(resources)")
            }
        }
        #expect(rules.count == 3)
    }

    @Test(arguments: Deployment.renderings)
    func whatNoPolicyAllowsIsDenied(_ path: String) async throws {
        let policies = try await Deployment.render(path).all("NetworkPolicy")
        let deny = try #require(policies.first { $0.name == "default-deny" }?.spec)
        #expect(deny["podSelector"]?.mapping?.isEmpty == true)
        #expect(Set(deny["policyTypes"]?.strings ?? []) == ["Ingress", "Egress"])
        #expect(deny["ingress"] == nil && deny["egress"] == nil)
        let incoming = policies.flatMap { $0.spec?["ingress"]?.items ?? [] }
        #expect(Set(ports(of: incoming)) == [8080, 8081])
        // Whoever has no token may not even knock at the API's door.
        for rule in incoming where ports(of: [rule]).contains(8081) {
            #expect(rule["from"]?.items.isEmpty == false)
        }
        let outgoing = policies.flatMap { $0.spec?["egress"]?.items ?? [] }
        #expect(Set(ports(of: outgoing)).isSubset(of: [22, 53, 80, 443, 6443, 7999, 9090]))
        for rule in outgoing {
            for peer in rule["to"]?.items ?? [] {
                guard let range = peer["ipBlock"], range["cidr"]?.string == "0.0.0.0/0" else {
                    continue
                }
                #expect(range["except"]?.strings == ["169.254.0.0/16"], "the node's own role")
            }
            #expect(rule["to"]?.items.isEmpty == false)
        }
    }

    @Test(arguments: ["overlays/prod", "overlays/eks-irsa", "overlays/eks-pod-identity"])
    func theIngressLeadsToTheTwoDoors(_ path: String) async throws {
        let objects = try await Deployment.render(path)
        let rules = try #require(try objects.only("Ingress").spec?["rules"]).items
        var doors: Set<String> = []
        for route in rules.flatMap({ $0["http"]?["paths"]?.items ?? [] }) {
            let service = try #require(route["backend"]?["service"])
            let name = try #require(service["name"]?.string)
            let target = try #require(objects.all("Service").first { $0.name == name })
            let names = target.spec?["ports"]?.items.compactMap { $0["name"]?.string }
            #expect(names == [try #require(service["port"]?["name"]?.string)])
            doors.insert("\(name) \(route["path"]?.string ?? "")")
        }
        #expect(
            doors == [
                "plumbline-webhooks /hooks/bitbucket", "plumbline-api /v1",
                "plumbline-api /openapi.json",
            ]
        )
    }

    @Test func theRoleOfAWSComesAsTheOverlaySays() async throws {
        let byAnnotation = try await Deployment.render("overlays/eks-irsa").only("ServiceAccount")
        let role = byAnnotation.node["metadata"]?["annotations"]?["eks.amazonaws.com/role-arn"]
        #expect(role?.string?.hasPrefix("arn:aws:iam::") == true)
        let byAssociation = try await Deployment.render("overlays/eks-pod-identity")
        #expect(try byAssociation.only("ServiceAccount").node["metadata"]?["annotations"] == nil)
        let rules = byAssociation.all("NetworkPolicy").flatMap { $0.spec?["egress"]?.items ?? [] }
        let places = rules.flatMap { $0["to"]?.items ?? [] }
            .compactMap { $0["ipBlock"]?["cidr"]?.string }
        #expect(places.contains("169.254.170.23/32"))
    }

    private func ports(of rules: [Node]) -> [Int] {
        rules.flatMap { $0["ports"]?.items ?? [] }.compactMap { $0["port"]?.int }
    }
}
