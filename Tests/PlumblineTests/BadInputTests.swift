import Foundation
import GitSource
import MeshModel
import Testing

/// One file that must not be applied, and what is said of it.
struct BadInput: CustomTestStringConvertible, Sendable {
    let name: String
    let content: GitChange
    /// Line and column of the first error.
    let position: String
    let message: String

    var testDescription: String { name }

    init(_ name: String, _ position: String, _ message: String, _ text: String) {
        self.init(name, position, message, .write(Array(text.utf8)))
    }

    init(_ name: String, _ position: String, _ message: String, _ content: GitChange) {
        self.name = name
        self.content = content
        self.position = position
        self.message = message
    }

    private static func node(_ name: String, _ more: String) -> String {
        """
        apiVersion: appmesh.k8s.aws/v1beta2
        kind: VirtualNode
        metadata: { name: bad, namespace: shop }
        spec:
          awsName: \(name)
          listeners:
            - portMapping: { port: 8080, protocol: http }
        \(more)

        """
    }

    private static let discovery = "  serviceDiscovery: { dns: { hostname: bad } }"

    /// Nine aliases of nine aliases, nine levels deep: a billion values if somebody counted them.
    private static let bomb: String = {
        var text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
        for (name, last) in zip("bcdefghij", "abcdefghi") {
            let aliases = Array(repeating: "*\(last)", count: 9).joined(separator: ",")
            text += "\(name): &\(name) [\(aliases)]\n"
        }
        return text
    }()

    static let all: [BadInput] = [
        BadInput("a broken YAML", "9:1", "this is not YAML", node("bad", "  backends: [ {")),
        BadInput(
            "a file of 50 MB",
            "1:1",
            "1048576",
            .write(Array(repeating: UInt8(ascii: "#"), count: 50_000_000))
        ),
        BadInput("an alias bomb", "1:12", "more than 200000 values after its aliases", bomb),
        BadInput("a symlink", "1:1", "symlink", .link("cart.yaml")),
        BadInput(
            "an unknown field",
            "8:3",
            "unknown field 'serviceDiscovry' in spec; did you mean 'serviceDiscovery'?",
            node("bad", discovery.replacing("Discovery", with: "Discovry"))
        ),
        BadInput(
            "a missing reference",
            "10:52",
            "virtualNode/bad refers to virtualService/nobody.shop",
            node(
                "bad",
                discovery + "\n  backends:\n"
                    + "    - virtualService: { virtualServiceRef: { name: nobody } }"
            )
        ),
        BadInput(
            "a name too long",
            "5:12",
            "has 300 characters; write 1 to 255",
            node(String(repeating: "a", count: 300), discovery)
        ),
        BadInput(
            "weights of 101",
            "13:57",
            "weightedTargets[0].weight is 101; write 0 to 100",
            """
            apiVersion: appmesh.k8s.aws/v1beta2
            kind: VirtualRouter
            metadata: { name: bad, namespace: shop }
            spec:
              listeners:
                - portMapping: { port: 8080, protocol: http }
              routes:
                - name: main
                  httpRoute:
                    match: { prefix: / }
                    action:
                      weightedTargets:
                        - { virtualNodeRef: { name: cart }, weight: 101 }

            """
        ),
    ]
}

/// Bad input: a clear diagnostic, exit 1, nothing written.
@Suite(.timeLimit(.minutes(2))) struct BadInputTests {
    @Test(arguments: BadInput.all) func validateSaysWhere(input: BadInput) async throws {
        try await withFolder { folder in
            let file = folder + "/bad.yaml"
            switch input.content {
            case .write(let bytes): try Data(bytes).write(to: URL(filePath: file))
            case .link(let target):
                try FileManager.default.createSymbolicLink(
                    atPath: file,
                    withDestinationPath: target
                )
            case .remove: break
            }
            let shop = Place.root.appending(path: World.path).path
            let refused = try await Program.run("validate", "--strict", shop, folder)
            #expect(refused.exitCode == 1)
            let line = "\(file):\(input.position): error: "
            let said = refused.output.split(separator: "\n").filter { $0.hasPrefix(line) }
            #expect(said.contains { $0.contains(input.message) }, "\(refused.output)")
            #expect(refused.output.contains(": 1 error, 0 warnings\n"), "\(refused.output)")
        }
    }

    @Test func applySaysWhereAndWritesNothing() async throws {
        try await World.with { world in
            for (index, input) in BadInput.all.enumerated() {
                let branch = "bad-\(index)"
                let shop = try Shop()
                try await world.commit(shop, branch: branch)
                try await world.commit(["\(World.path)/bad.yaml": input.content], branch: branch)
                let refused = try await world.run("apply", "--yes", "--ref", branch)
                #expect(refused.exitCode == 1, "\(input.name): \(refused.output)")
                #expect(refused.output == "", "\(input.name)")
                let line = "\(World.path)/bad.yaml:\(input.position): error: "
                let said = refused.errors.split(separator: "\n").filter { $0.hasPrefix(line) }
                #expect(said.contains { $0.contains(input.message) }, "\(refused.errors)")
                #expect(refused.errors.contains("have errors; nothing was changed"))
            }
            #expect(try await world.meshes().isEmpty)
            let log = try await Program.run("audit", "log", "--state", world.state, "-o", "json")
            #expect(try log.json()["records"]?.items == [])
        }
    }
}
