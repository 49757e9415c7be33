/// What an examination of a ledger or a bundle showed.
///
/// The limits of the proof are those of `semantics` §12. Edits, drops, swaps and forks inside the
/// chain are found offline. Who can write the folder can cut the last records and put back an
/// older head with them, or, holding the key, rewrite everything: only a head kept elsewhere
/// (`--head`) finds that, and only a public key kept elsewhere (`--public-key`) tells who signed.
/// That a record is true is not proven, only that it is the one written then; `meta` and the
/// checkpoint are no records.
package struct Verification: Sendable {
    /// Something that is not as it was written.
    package struct Finding: Hashable, Sendable {
        package enum Code: String, Hashable, Sendable, CaseIterable {
            case recordChanged
            case recordMissing
            case recordMoved
            case forked
            case cut
            case rewritten
            case headMissing
            case headMalformed
            case badSignature
            case wrongKey
            case otherLedger
            case bodyChanged
            case bodyMissing
            case projectionDiffers
            case malformed
            /// It could not be examined at all.
            case unreadable
        }

        package let code: Code
        /// The first record that is not as it was written; absent where no record is.
        package let seq: Int64?
        package let message: String

        package init(code: Code, seq: Int64?, message: String) {
            self.code = code
            self.seq = seq
            self.message = message
        }
    }

    package let ledger: String
    /// Records whose place in the chain is proven.
    package internal(set) var records: Int64 = 0
    package internal(set) var bodies: Int64 = 0
    /// The end of the proven part of the chain.
    package internal(set) var head: ChainHead
    package internal(set) var findings: [Finding] = []
    /// Sentences for people and auditors.
    package internal(set) var proven: [String] = []
    package internal(set) var notProven: [String] = []

    package var isIntact: Bool { findings.isEmpty }
}

/// What a person brings along to a verification, from elsewhere.
package struct Witness: Sendable {
    /// What `--head SEQ:HASH` gives.
    package let head: ChainHead?
    /// What `--public-key FILE` gives.
    package let publicKey: PublicKey?

    package init(head: ChainHead? = nil, publicKey: PublicKey? = nil) {
        self.head = head
        self.publicKey = publicKey
    }
}

extension Ledger {
    /// Examines the ledger of a folder, beside a running writer or without one.
    ///
    /// Memory is bounded by the resources and the distinct bodies, not by the records. Throws
    /// where the file cannot be read at all; whatever can be read is judged in the answer.
    package static func verify(
        _ folder: StateFolder,
        _ witness: Witness = Witness()
    ) throws -> Verification {
        // The head first: records that a writer adds meanwhile then only make it lag.
        let head = Result { () throws(LedgerError) in try SignedHead.read(folder) }
        let ledger = try Ledger(reading: folder)
        return try ledger.storage.snapshot { snapshot in
            var verifier = try Verifier(snapshot, witness)
            try verifier.run(head)
            return verifier.result
        }
    }
}
