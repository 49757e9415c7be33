import ArgumentParser
import Manifests
import MeshModel

/// `plumbline validate`: files on disk, no Git, no endpoint.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks manifests on disk, without Git and without an endpoint.",
        discussion: """
            Plumbline reads rendered manifests: run 'kustomize build' or 'helm template' first.
            A reference that nothing in the files resolves is a warning; --strict makes it an error.
            """
    )

    @Argument(help: "Files or folders.")
    var paths: [String]

    @Option(name: .customLong("set"), help: "A variable, NAME=VALUE; repeatable.")
    var assignments: [Assignment] = []

    @Flag(help: "Unresolved references are errors.")
    var strict = false

    @Option(help: "The mesh of documents that name none.")
    var mesh: String?

    @Option(help: "The namespace of documents that name none.")
    var namespace = "default"

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let tree = DiskTree.read(paths)
        let reading = ManifestReading.read(
            tree,
            ManifestSettings(
                mesh: mesh,
                namespace: namespace,
                variables: assignments.variables,
                isStrict: strict
            )
        )
        switch output.output {
        case .json: Terminal.output(DiagnosticsReport.json(reading).json)
        case .text: DiagnosticsReport.print(reading)
        }
        if reading.hasErrors { throw ExitCode(ExitStatus.error.rawValue) }
    }
}

/// One `NAME=VALUE` of a command line.
struct Assignment: ExpressibleByArgument, Sendable {
    let name: String
    let value: String

    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "=") else { return nil }
        name = String(argument[..<sign])
        value = String(argument[argument.index(after: sign)...])
        guard let first = name.unicodeScalars.first, first.isASCII,
            first == "_" || first.properties.isAlphabetic,
            name.unicodeScalars.allSatisfy({
                $0.isASCII && ($0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0))
            })
        else { return nil }
    }
}

extension [Assignment] {
    /// The last of two equal names counts.
    var variables: [String: String] {
        Dictionary(map { ($0.name, $0.value) }) { _, last in last }
    }
}

/// What `validate` says, and what every other command says when manifests are refused.
enum DiagnosticsReport {
    static func print(_ reading: ManifestReading) {
        for diagnostic in reading.diagnostics { Terminal.output(line(diagnostic)) }
        Terminal.output(summary(reading))
    }

    static func summary(_ reading: ManifestReading) -> String {
        let errors = reading.diagnostics.count { $0.severity == .error }
        let warnings = reading.diagnostics.count { $0.severity == .warning }
        let resources = reading.desired.reduce(0) { $0 + $1.resources.count }
        let policies = reading.desired.reduce(0) { $0 + $1.policies.count }
        return "\(count(reading.fileCount, "file")), \(count(resources, "resource")), "
            + "\(count(policies, "policy", "policies")): "
            + "\(count(errors, "error")), \(count(warnings, "warning"))"
            + (reading.skippedDocumentCount == 0
                ? ""
                : "; \(count(reading.skippedDocumentCount, "document")) of other kinds passed over")
    }

    static func json(_ reading: ManifestReading) -> SpecValue {
        [
            "schema": "plumbline.dev/validate/v1",
            "files": .integer(Int64(reading.fileCount)),
            "documents": .integer(Int64(reading.documentCount)),
            "skippedFiles": .integer(Int64(reading.skippedFileCount)),
            "skippedDocuments": .integer(Int64(reading.skippedDocumentCount)),
            "meshes": .list(reading.desired.map { .string($0.mesh) }),
            "resources": .list(
                reading.desired.flatMap { state in
                    state.resources.keys.sorted().map { .string($0.fullAddress) }
                }
            ),
            "valid": .bool(!reading.hasErrors),
            "diagnostics": .list(reading.diagnostics.map(json)),
        ]
    }

    static func json(_ diagnostic: Diagnostic) -> SpecValue {
        var members: [String: SpecValue] = [
            "severity": .string(diagnostic.severity.rawValue),
            "code": .string(diagnostic.code),
            "message": .string(diagnostic.message),
        ]
        if let position = diagnostic.position {
            members["file"] = .string(position.file)
            members["line"] = .integer(Int64(position.line))
            members["column"] = .integer(Int64(position.column))
        }
        return .object(members)
    }

    static func line(_ diagnostic: Diagnostic, _ ink: Ink = Terminal.ink) -> String {
        let text = diagnostic.description.printable
        return switch diagnostic.severity {
        case .error: ink.red(text)
        case .warning: ink.yellow(text)
        case .notice: ink.dim(text)
        }
    }

    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }
}
