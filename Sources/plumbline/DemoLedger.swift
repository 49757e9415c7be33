import AuditLog
import MeshModel

/// The ledger of the demo, examined as `audit verify` does it.
struct DemoLedger {
    private let verification: Verification

    /// Fails where the ledger does not verify against the head that the last apply printed.
    init(state: String, head: String?) throws {
        let witness = Witness(head: head.flatMap { ChainHead($0) })
        verification = try Ledger.verify(StateFolder(state), witness)
        guard verification.isIntact else {
            throw CommandFailure(.error, "The ledger in '\(state)' does not verify")
        }
    }

    var lines: [String] { AuditReport.lines(AuditReport.verification(verification), Terminal.ink) }

    var entry: LedgerEntry {
        LedgerEntry(
            .auditVerified,
            payload: [
                "records": .integer(verification.records),
                "ledger": .string(verification.head.description),
            ]
        )
    }
}
