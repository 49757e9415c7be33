import Foundation
import Subprocess
import SystemPackage
import Testing
import Yams

/// The folder `deploy`, and what `kubectl kustomize` makes of it.
enum Deployment {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "deploy")

    /// What can be applied: the base and every overlay there is.
    static let renderings: [String] = {
        let overlays = try? FileManager.default
            .contentsOfDirectory(atPath: folder.appending(path: "overlays").path)
        return ["base"] + (overlays ?? []).sorted().map { "overlays/\($0)" }
    }()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    static func render(_ path: String) async throws -> [ClusterObject] {
        let rendered = try await Tool.run(
            "kubectl",
            ["kustomize", folder.appending(path: path).path]
        )
        try #require(rendered.isFine, "\(rendered.errors)")
        return try ClusterObject.all(in: rendered.output)
    }
}

/// One document of a rendering.
struct ClusterObject {
    let node: Node

    var kind: String { node["kind"]?.string ?? "" }
    var name: String { node["metadata"]?["name"]?.string ?? "" }
    var spec: Node? { node["spec"] }

    /// Every document; what is not YAML throws.
    static func all(in text: String) throws -> [ClusterObject] {
        let parser = try Parser(yaml: text, encoding: .utf8)
        var objects: [ClusterObject] = []
        while let node = try parser.nextRoot() { objects.append(ClusterObject(node: node)) }
        return objects
    }
}

extension [ClusterObject] {
    func all(_ kind: String) -> [ClusterObject] { filter { $0.kind == kind } }

    /// The only one of its kind.
    func only(_ kind: String) throws -> ClusterObject {
        let found = all(kind)
        try #require(found.count == 1, "\(kind): \(found.map(\.name))")
        return found[0]
    }

    /// The template of the pod.
    func pod() throws -> Node {
        try #require(try only("StatefulSet").spec?["template"]?["spec"])
    }
}

extension Node {
    /// Elements of a list; of anything else none.
    var items: [Node] { sequence.map(Array.init) ?? [] }

    var strings: [String] { items.compactMap(\.string) }
}

/// A program of the machine that judges what we ship.
struct Tool {
    let isFine: Bool
    let output: String
    let errors: String

    /// A gate may not pass without it; elsewhere its tests are skipped where it is missing.
    static func canJudge(_ name: String) -> Bool {
        ProcessInfo.processInfo.environment["CI"] != nil
            || folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }

    static func run(_ name: String, _ arguments: [String]) async throws -> Tool {
        let result = try await Subprocess.run(
            .name(name),
            arguments: Arguments(arguments),
            environment: .inherit.updating(["HOME": "/nonexistent"]),
            output: .string(limit: 1 << 22),
            error: .string(limit: 1 << 20)
        )
        return Tool(
            isFine: result.terminationStatus.isSuccess,
            output: result.standardOutput,
            errors: result.standardError
        )
    }

    private static let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "")
        .split(separator: ":")
}
