import ArgumentParser
import AuditLog
import Foundation
import MeshModel

/// `plumbline audit`: what was written, when, because of which commit, and whether that still
/// stands as it was written.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Reads and verifies the ledger.",
        subcommands: [
            AuditLogCommand.self, AuditShowCommand.self, AuditVerifyCommand.self,
            AuditExportCommand.self,
        ]
    )
}

/// Where the ledger lies; the same in every audit command.
struct AuditOptions: ParsableArguments {
    @Option(help: "The folder of ledger, keys and mirror.")
    var state = Defaults.state

    var folder: StateFolder { StateFolder(state) }
}

/// `audit log`: the newest records, oldest first.
struct AuditLogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Prints the newest records, the newest last."
    )

    @OptionGroup var options: AuditOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "Only records of this commit; the beginning of its digits is enough.")
    var commit: String?

    @Option(help: "Only records of resources that fit this glob, 'virtualRouter/*/route/*'.")
    var resource: String?

    @Option(
        help: "Only records of this kind; repeatable.",
        transform: { text in
            guard let kind = EventKind(rawValue: text) else {
                let known = EventKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("'\(text)' is no kind of record; the kinds are \(known)")
            }
            return kind
        }
    )
    var kind: [EventKind] = []

    @Option(help: "Only records after this number.")
    var after: Int64 = 0

    @Option(help: "At most so many records, the newest.")
    var limit = 50

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be 1 or more") }
        guard (0..<Int64.max).contains(after) else {
            throw ValidationError("--after must be 0 or more")
        }
    }

    func run() async throws {
        let log = try await output.reporting {
            guard let client = try server.client() else { return try read() }
            return try await ask(client)
        }
        switch output.output {
        case .json: Terminal.output(log.json)
        case .text:
            let table = AuditReport.table(log["records"]?.items ?? [])
            for line in table.lines(Terminal.ink) { Terminal.output(line) }
            let head = ChainHead(log["head"])?.short ?? ""
            Terminal.output(Terminal.ink.dim("ledger \(head)"))
        }
    }

    private func read() throws -> SpecValue {
        let query = RecordQuery(
            range: (after + 1)...Int64.max,
            commit: commit?.lowercased(),
            kinds: Set(kind),
            resource: resource.map { Glob($0) },
            limit: limit
        )
        let ledger = try Ledger(reading: options.folder)
        // The head first: a record that is written meanwhile is then merely newer than it.
        let head = try ledger.head()
        return AuditReport.log(try ledger.records(query), ledger: ledger.id, head: head)
    }
}

// The ledger of an agent.
extension AuditLogCommand {
    /// Records of one answer; the API gives no more.
    private static let pageLength = 1000
    /// A million records; whoever means older ones says after which.
    private static let mostPages = 1000

    /// Pages through what fits, since the API gives the oldest first, and keeps the newest.
    private func ask(_ client: ControlClient) async throws(CommandFailure) -> SpecValue {
        let kinds = Set(kind.map(\.rawValue))
        var filters: [(name: String, value: String)] = []
        if let commit { filters.append((name: "commit", value: commit.lowercased())) }
        if let resource { filters.append((name: "resource", value: resource)) }
        var start = after
        if filters.isEmpty, kinds.isEmpty {
            let last = try await page(client, after: after, limit: 1, [])["head"]?["seq"]?.integer
            // Whoever answers may say any number.
            start = max(after, max(last ?? 0, 0) - Int64(limit))
        }
        var records: [SpecValue] = []
        for _ in 1...Self.mostPages {
            let answer = try await page(client, after: start, limit: Self.pageLength, filters)
            let found = answer["records"]?.items ?? []
            records += found.filter { kinds.isEmpty || kinds.contains($0["kind"]?.text ?? "") }
            records = records.suffix(limit)
            guard found.count >= Self.pageLength, let end = found.last?["seq"]?.integer, end > start
            else {
                var members = answer.members ?? [:]
                members["records"] = .list(records)
                return .object(members)
            }
            start = end
        }
        throw CommandFailure(.error, "Read the agent's ledger: it is too long; begin with --after")
    }

    private func page(
        _ client: ControlClient,
        after: Int64,
        limit: Int,
        _ filters: [(name: String, value: String)]
    ) async throws(CommandFailure) -> SpecValue {
        let range = [(name: "after", value: "\(after)"), (name: "limit", value: "\(limit)")]
        return try await client.get("/v1/audit", range + filters)
    }
}

/// `audit show`: one record whole, with the bodies before and after.
struct AuditShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Prints one record whole, with the bodies before and after."
    )

    @OptionGroup var options: AuditOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The record's number, as 'audit log' prints it.")
    var seq: Int64

    func run() async throws {
        let detail = try await output.reporting {
            guard let client = try server.client() else { return try read() }
            return try await client.get("/v1/audit/\(seq)")
        }
        switch output.output {
        case .json: Terminal.output(detail.json)
        case .text:
            for line in AuditReport.page(detail, Terminal.ink) { Terminal.output(line) }
        }
    }

    private func read() throws -> SpecValue {
        let ledger = try Ledger(reading: options.folder)
        guard let detail = try ledger.detail(seq) else {
            throw LedgerError(
                .missing,
                "Show record \(seq): the ledger ends at \(try ledger.head().seq)"
            )
        }
        return AuditReport.show(detail, ledger: ledger.id)
    }
}

/// `audit export`: the ledger in one file for auditors.
struct AuditExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the whole ledger as one file that 'audit verify --bundle' examines.",
        discussion: """
            JSON lines: the ledger's id, bodies, records with the texts that are hashed, and the \
            signed head with its public key.
            """
    )

    @OptionGroup var options: AuditOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The file to write; without it the bundle goes to standard output.")
    var out: String?

    func run() async throws {
        let head = try await output.reporting { try await export() }
        guard let out, let head else { return }
        switch output.output {
        case .json:
            Terminal.output(AuditReport.export(to: out, head).json)
        case .text:
            Terminal.output("Wrote \(head.seq) records to '\(out.printable)', head \(head)")
        }
    }

    /// The head of what was written to a file.
    private func export() async throws -> ChainHead? {
        guard let out else {
            try await write { Terminal.output($0) }
            return nil
        }
        let new = out + ".new"
        guard FileManager.default.createFile(atPath: new, contents: nil),
            let file = FileHandle(forWritingAtPath: new)
        else {
            throw LedgerError(.files, "Write '\(new)': \(String(cString: strerror(errno)))")
        }
        defer { try? file.close() }
        try await write { try file.write(contentsOf: $0) }
        try file.synchronize()
        // Reads what was written: a bundle that was cut on its way is none.
        let head = try Ledger.verify(bundle: new).head
        guard rename(new, out) == 0 else {
            throw LedgerError(.files, "Write '\(out)': \(String(cString: strerror(errno)))")
        }
        return head
    }

    private func write(_ sink: @escaping @Sendable ([UInt8]) throws -> Void) async throws {
        guard let client = try server.client() else {
            try Ledger.export(options.folder, sink)
            return
        }
        try await client.download("/v1/audit/export", sink)
    }
}
