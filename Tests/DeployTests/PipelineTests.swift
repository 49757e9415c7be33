import Foundation
import Testing
import Yams

/// The snippets for other people's pipelines: they validate and ask.
struct PipelineTests {
    /// What can be run or called without changing anything.
    private static let commands: Set = ["validate", "plan", "drift", "status"]

    private static let snippets = ["bitbucket-pipelines.yml", ".travis.yml"]

    @Test(arguments: snippets)
    func nothingIsWritten(_ name: String) throws {
        let scripts = try scripts(of: name)
        #expect(scripts.contains { $0.contains("validate --strict") })
        #expect(scripts.contains { $0.contains("/v1/targets/prod/drift") })
        for script in scripts {
            let words = script.split(whereSeparator: \.isWhitespace).map(String.init)
            for (word, next) in zip(words, words.dropFirst())
            where word == "plumbline" || word.contains("/plumbline:") {
                #expect(Self.commands.contains(next), "\(script)")
            }
            for word in ["--yes", "--request", "-X", "--data", "-d", "kubectl", "aws"] {
                #expect(!words.contains(word), "\(script)")
            }
        }
    }

    @Test(arguments: snippets)
    func noCredentialOfAWSIsAskedFor(_ name: String) throws {
        let text = try Deployment.text("pipelines/\(name)")
        #expect(!text.contains("AWS_ACCESS_KEY") && !text.contains("AWS_SECRET"))
        #expect(!text.contains("arn:aws"))
    }

    /// The token of the step, for the audience that the agent's settings name.
    @Test func bitbucketAsksWithTheTokenOfItsStep() throws {
        let settings = try Deployment.text("overlays/prod/agent.yaml")
        let snippet = try Deployment.text("pipelines/bitbucket-pipelines.yml")
        let audience = "https://plumbline.example.com"
        #expect(settings.contains("audience: \(audience)\n"))
        #expect(snippet.contains("audiences: [\"\(audience)\"]"))
        #expect(snippet.contains("Bearer $BITBUCKET_STEP_OIDC_TOKEN"))
    }

    /// Whatever stands under `script`, wherever that is, once for each anchor or job.
    private func scripts(of name: String) throws -> [String] {
        let text = try Deployment.text("pipelines/\(name)")
        let root = try #require(try Parser(yaml: text, encoding: .utf8).nextRoot())
        var found: [String] = []
        func collect(_ node: Node) {
            for (key, value) in node.mapping ?? [:] {
                if key.string == "script" {
                    found += value.string.map { [$0] } ?? value.strings
                } else {
                    collect(value)
                }
            }
            for item in node.items { collect(item) }
        }
        collect(root)
        return found
    }
}
