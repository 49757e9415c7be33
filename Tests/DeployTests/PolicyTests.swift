import Foundation
import MeshModel
import Testing

/// The IAM policies, against the table of the operations that the agent knows.
struct PolicyTests {
    private struct Policy: Decodable {
        struct Statement: Decodable {
            let effect: String
            let action: OneOrMany
            let resource: OneOrMany?

            enum CodingKeys: String, CodingKey {
                case effect = "Effect"
                case action = "Action"
                case resource = "Resource"
            }
        }

        let version: String
        let statements: [Statement]

        enum CodingKeys: String, CodingKey {
            case version = "Version"
            case statements = "Statement"
        }

        static func read(_ name: String) throws -> Policy {
            let text = try Deployment.text("iam/\(name).json")
            return try JSONDecoder().decode(Policy.self, from: Data(text.utf8))
        }

        var actions: [String] { statements.flatMap(\.action.all) }
        var resources: [String] { statements.flatMap { $0.resource?.all ?? [] } }
    }

    /// IAM writes a list of one as the one.
    private struct OneOrMany: Decodable {
        let all: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                all = [one]
            } else {
                all = try container.decode([String].self)
            }
        }
    }

    private static let prefix = "appmesh:"

    @Test func togetherTheyAreTheTableButForTheMeshItself() throws {
        let actions = try ["read", "write", "prune"].flatMap { try Policy.read($0).actions }
        #expect(Set(actions).count == actions.count, "an action stands in two policies")
        let known = Set(MeshModel.Operation.all.map { Self.prefix + $0.name })
        #expect(known.subtracting(actions) == [Self.prefix + "DeleteMesh"])
        #expect(Set(actions).isSubset(of: known))
    }

    @Test func eachDoesWhatItIsCalled() throws {
        for (name, verbs) in [
            "read": ["Describe", "List"], "write": ["Create", "Update", "Tag", "Untag"],
            "prune": ["Delete"],
        ] {
            let policy = try Policy.read(name)
            for action in policy.actions {
                let operation = action.dropFirst(Self.prefix.count)
                #expect(verbs.contains { operation.hasPrefix($0) }, "\(name): \(action)")
            }
            let isScoped = policy.resources.allSatisfy { $0.contains(":mesh/shop") }
            #expect(isScoped || name == "read", "\(policy.resources)")
            #expect(policy.statements.allSatisfy { $0.effect == "Allow" })
        }
    }

    @Test(arguments: ["trust-irsa", "trust-pod-identity", "trust-target-account"])
    func trustIsAboutTakingOnARoleOnly(_ name: String) throws {
        let policy = try Policy.read(name)
        #expect(policy.version == "2012-10-17")
        #expect(!policy.actions.isEmpty && policy.actions.allSatisfy { $0.hasPrefix("sts:") })
    }

    /// Without the subject any pod of the cluster could take the role on.
    @Test func theClusterIsTrustedForOneServiceAccount() throws {
        let text = try Deployment.text("iam/trust-irsa.json")
        #expect(text.contains(#":sub": "system:serviceaccount:plumbline:plumbline""#))
        #expect(text.contains(#":aud": "sts.amazonaws.com""#))
    }
}
