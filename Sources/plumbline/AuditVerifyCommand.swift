import ArgumentParser
import AuditLog
import MeshModel

/// `audit verify`: says what is proven, what is not, and which record is wrong first.
struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Examines the ledger, or a bundle, and names the first bad record.",
        discussion: """
            Edits, drops, swaps and forks inside the chain are found offline. Who can write the \
            state folder can cut the last records together with the stored head, or rewrite \
            everything with the key beside it: only --head, taken from a build status, a notice \
            or the output of 'apply', and --public-key, kept elsewhere, find that. That a record \
            is true is never proven, only that it is the one written.

            Exit codes: 0 intact, 1 not intact or not readable.
            """
    )

    @OptionGroup var options: AuditOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "Examine this exported bundle; no ledger is needed.")
    var bundle: String?

    @Option(
        help: "A head kept elsewhere, SEQ:HASH; 12 digits of the hash are enough.",
        transform: { text in
            guard let head = ChainHead(text) else {
                throw ValidationError("'\(text)' is no SEQ:HASH, such as 1042:9f8e0a1b2c3d")
            }
            return head
        }
    )
    var head: ChainHead?

    @Option(help: "The public key that must have signed, a PEM file such as audit.pub.")
    var publicKey: String?

    func validate() throws {
        guard server.server != nil, bundle != nil || head != nil || publicKey != nil else { return }
        throw ValidationError(
            "an agent examines its own ledger; export it, and give --bundle what you keep elsewhere"
        )
    }

    func run() async throws {
        let verification: SpecValue
        if let client = try server.client() {
            verification = try await output.reporting { () throws(CommandFailure) in
                try await client.post("/v1/audit:verify")
            }
        } else {
            verification = try examined()
        }
        switch output.output {
        case .json: Terminal.output(verification.json)
        case .text:
            for line in AuditReport.lines(verification, Terminal.ink) { Terminal.output(line) }
        }
        guard verification["intact"]?.flag == true else { throw ExitCode(1) }
    }

    private func examined() throws(CommandFailure) -> SpecValue {
        do { return AuditReport.verification(try examine()) } catch {
            if output.output == .json, let error = error as? LedgerError {
                Terminal.output(AuditReport.verification(failing: error).json)
            }
            throw CommandFailure(error)
        }
    }

    private func examine() throws -> Verification {
        let key = try publicKey.map { path throws(LedgerError) in try PublicKey(file: path) }
        let witness = Witness(head: head, publicKey: key)
        if let bundle { return try Ledger.verify(bundle: bundle, witness) }
        return try Ledger.verify(options.folder, witness)
    }
}
