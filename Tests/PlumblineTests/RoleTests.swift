import AWSClient
import ControlAPI
import Foundation
import MeshModel
import Scripted
import Subprocess
import Testing

/// A pod with nothing but the token of its service account, and a mesh in another account whose
/// endpoint believes the keys of one role only.
@Suite(.timeLimit(.minutes(4))) struct RoleTests {
    private static let own = "arn:aws:iam::111122223333:role/pod"
    private static let foreign = "arn:aws:iam::444455556666:role/mesh"

    private struct Pod {
        let sts: FakeSTS
        let setup: AgentSetup

        /// Runs a command with the settings file, and the variables that EKS gives a pod.
        func run(_ arguments: String...) async throws -> Program {
            try await Program.run(
                Program.path,
                arguments + ["--config", setup.config],
                settings: setup.environment
            )
        }

        /// What `doctor` says of the target's credentials.
        func credentials() async throws -> SpecValue? {
            try await run("doctor", "-o", "json").json()["examinations"]?.items?
                .first { $0["subject"] == "shop: credentials" }
        }
    }

    private func inPod(_ body: (Pod) async throws -> Void) async throws {
        let sts = FakeSTS()
        sts.add(Self.own, trusting: .webIdentity(token: "eyJ.pod.x"))
        sts.add(Self.foreign, trusting: .callers(prefix: "ASIAPOD"))
        try await withFolder { folder in
            try Data("eyJ.pod.x".utf8).write(to: URL(filePath: folder + "/token"))
            let sections = (1...50)
                .map { number in
                    let session = FakeSTS.session(of: "mesh", number: number)
                    return """
                        [\(number)]
                        aws_access_key_id = \(session.accessKeyID)
                        aws_secret_access_key = \(session.secretAccessKey.value)
                        aws_session_token = \(session.sessionToken?.value ?? "")
                        """
                }
            let keys = folder + "/keys"
            try Data(sections.joined(separator: "\n").utf8).write(to: URL(filePath: keys))
            try await ScriptedServer.serving { request, _ in
                sts.answer(request)
            } _: { endpoint, _ in
                try await World.with(serving: ["--credentials", keys]) { world in
                    var setup = AgentSetup(world)
                    setup.tokens = [.viewer]
                    setup.role = Self.foreign
                    setup.environment = [
                        "AWS_WEB_IDENTITY_TOKEN_FILE": folder + "/token",
                        "AWS_ROLE_ARN": Self.own, "AWS_REGION": "eu-west-1",
                        "AWS_ENDPOINT_URL_STS": endpoint,
                    ]
                    try setup.write()
                    try await body(Pod(sts: sts, setup: setup))
                }
            }
        }
    }

    @Test func commandsTakeTheRoleOfTheTargetOn() async throws {
        try await inPod { pod in
            let plan = try await pod.run("plan")
            #expect(plan.exitCode == 2, "\(plan.output)\(plan.errors)")
            #expect(!plan.errors.contains("warning"), "\(plan.errors)")
            #expect(pod.sts.given.map(\.accessKeyID) == ["ASIAPOD1", "ASIAMESH1"])
            let apply = try await pod.run("apply", "--yes")
            #expect(apply.exitCode == 0, "\(apply.output)\(apply.errors)")
            let drift = try await pod.run("drift")
            #expect(drift.exitCode == 0, "\(drift.output)\(drift.errors)")
            let found = try await pod.credentials()?["found"]?.text
            #expect(
                found == "role \(Self.foreign), taken on from role \(Self.own) by web identity"
            )
        }
    }

    @Test func withoutTheRoleTheMeshRefuses() async throws {
        try await inPod { pod in
            var alone = pod.setup
            alone.role = nil
            try alone.write()
            let plan = try await pod.run("plan")
            #expect(plan.exitCode == 1, "\(plan.output)\(plan.errors)")
            #expect(plan.errors.contains("security token"), "\(plan.errors)")
        }
    }

    @Test func aRoleThatCannotBeTakenOnSaysWhatToDo() async throws {
        try await inPod { pod in
            pod.sts.add(Self.foreign, trusting: .callers(prefix: "ASIAOTHER"))
            let plan = try await pod.run("plan")
            #expect(plan.exitCode == 1)
            #expect(plan.errors.contains("deploy/iam/trust-target-account.json"), "\(plan.errors)")
            let refused = try await pod.credentials()
            #expect(refused?["outcome"] == "failed")
            let next = refused?["next"]?.text ?? ""
            #expect(next.contains("by web identity needs sts:AssumeRole"), "\(next)")
            pod.sts.expire(token: "eyJ.pod.x")
            let expired = try await pod.credentials()
            #expect(expired?["outcome"] == "failed")
            #expect(expired?.json.contains("AssumeRoleWithWebIdentity") == true)
            #expect(expired?.json.contains("eyJ.pod.x") == false)
        }
    }

    @Test func theAgentTakesTheRoleOn() async throws {
        try await inPod { pod in
            let ended = try await pod.setup.run { agent in
                try await eventually {
                    let session = FakeSTS.session(of: "mesh", number: 50)
                    let export = try await Program.run(
                        Program.path,
                        [
                            "export", "--endpoint", pod.setup.endpoint, "--region", "eu-west-1",
                            "--mesh", "shop", "-o", "json",
                        ],
                        settings: [
                            "AWS_ACCESS_KEY_ID": session.accessKeyID,
                            "AWS_SECRET_ACCESS_KEY": session.secretAccessKey.value,
                            "AWS_SESSION_TOKEN": session.sessionToken?.value ?? "",
                        ]
                    )
                    return export.output.contains("checkout-v2")
                }
                try agent.stop()
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
            #expect(pod.sts.given.map(\.accessKeyID) == ["ASIAPOD1", "ASIAMESH1"])
        }
    }
}
