import MeshModel

/// Goes once through bodies and records, and says where the first thing is wrong.
struct Verifier {
    private(set) var result: Verification
    private let evidence: any LedgerEvidence
    private let witness: Witness
    private var fold = Projection()
    private var signedHash: String?
    private var witnessHash: String?
    /// Of the records whose body is not there or not what its digest says, the first of each.
    private var badBodies: [Digest: Verification.Finding] = [:]

    init(_ evidence: any LedgerEvidence, _ witness: Witness) throws {
        self.evidence = evidence
        self.witness = witness
        let id = try evidence.ledgerID()
        result = Verification(ledger: id, head: .genesis(ofLedger: id))
    }

    mutating func run(_ signed: Result<SignedHead?, LedgerError>) throws {
        try readBodies()
        try readChain((try? signed.get())?.seq)
        guard !result.findings.contains(where: { $0.code.breaksChain }) else {
            result.notProven.append(
                "Nothing after record \(result.records): head, signature and applied state were "
                    + "not judged"
            )
            return
        }
        result.proven.append(
            "\(result.records) records follow each other from the first to \(result.head.short), "
                + "none changed, missing or moved"
        )
        judge(signed)
        judgeWitness()
        try compareProjection()
        result.notProven.append(
            "That a record tells the truth, only that it is the one written; the checkpoint is "
                + "no record"
        )
    }

    private mutating func find(
        _ code: Verification.Finding.Code,
        _ seq: Int64?,
        _ message: String
    ) {
        result.findings.append(Verification.Finding(code: code, seq: seq, message: message))
    }
}

// The chain and the bodies.
extension Verifier {
    /// Bodies before records: so that "there" means "there and right" when records name them.
    private mutating func readBodies() throws {
        var count: Int64 = 0
        var bad: [Digest: Verification.Finding] = [:]
        try evidence.forEachBody { digest, text in
            count += 1
            let actual = Digest(of: text)
            guard actual.hex != digest else { return }
            bad[Digest(hex: digest)] = Verification.Finding(
                code: .bodyChanged,
                seq: nil,
                message: "Body \(digest.prefix(12)) was changed: its digest is \(actual.short) now"
            )
        }
        result.bodies = count
        badBodies = bad
    }

    private mutating func readChain(_ signedSeq: Int64?) throws {
        if signedSeq == 0 { signedHash = result.head.hash }
        if witness.head?.seq == 0 { witnessHash = result.head.hash }
        var named = Set<Digest>()
        try evidence.forEachRow { row in
            guard !result.findings.contains(where: { $0.code.breaksChain }) else { return }
            let hash = row.computedHash
            guard isNext(row, hash) else { return }
            let seq = result.head.seq + 1
            result.head = ChainHead(seq: seq, hash: hash)
            result.records = seq
            if seq == signedSeq { signedHash = hash }
            if seq == witness.head?.seq { witnessHash = hash }
            try readContent(row, seq, &named)
        }
        // A bad body that no record names is bad all the same.
        for (digest, finding) in badBodies.sorted(by: { $0.key < $1.key })
        where !named.contains(digest) {
            result.findings.append(finding)
        }
        if badBodies.isEmpty, !result.findings.contains(where: { $0.code == .bodyMissing }) {
            result.proven.append("\(result.bodies) bodies are what their digests say")
        }
    }

    /// Whether a row is the one that must stand here; a finding where it is not.
    private mutating func isNext(_ row: RecordRow, _ hash: String) -> Bool {
        let expected = result.head.seq + 1
        guard let seq = row.seq else {
            find(.malformed, expected, "Record \(expected) has no number")
            return false
        }
        guard seq == expected else {
            let what =
                seq < expected ? "stands there twice or out of order" : "is missing: \(seq) is next"
            find(.recordMissing, min(seq, expected), "Record \(min(seq, expected)) \(what)")
            return false
        }
        let follows = row.previousHash == result.head.hash
        let isWhole = hash == row.statedHash
        switch (isWhole, follows) {
        case (true, true): return true
        case (false, true):
            let message = "its content hashes to \(hash.prefix(12)), not to the hash "
            find(.recordChanged, seq, "Record \(seq) was changed: \(message)it carries")
        case (false, false):
            let message = "it neither fits its own hash nor follows record \(seq - 1)"
            find(.recordMoved, seq, "Record \(seq) was moved or replaced: \(message)")
        case (true, false):
            let message = "it follows \(row.previousHash?.prefix(12) ?? "nothing"), not record "
            find(.forked, seq, "Record \(seq) is of another chain: \(message)\(seq - 1)")
        }
        return false
    }

    /// Reads what a proven record says of bodies and of the applied state.
    private mutating func readContent(
        _ row: RecordRow,
        _ seq: Int64,
        _ named: inout Set<Digest>
    ) throws {
        let changes = row.text("changes").map { StoredChange.read($0) } ?? []
        guard let changes else {
            find(.malformed, seq, "Record \(seq): its changes cannot be read by this version")
            return
        }
        var digests = [row.text("before"), row.text("after")].compactMap { $0 }
            .map { Digest(hex: $0) }
        for change in changes {
            fold.fold(change)
            if case .applied(_, let applied) = change {
                digests += [applied.body, applied.baseline]
            }
        }
        for digest in digests where named.insert(digest).inserted {
            if let bad = badBodies[digest] {
                find(bad.code, seq, "\(bad.message); record \(seq) names it first")
            } else if try !evidence.hasBody(digest) {
                find(.bodyMissing, seq, "Body \(digest.short), which record \(seq) names, is gone")
            }
        }
    }
}

// What stands beside the chain.
extension Verifier {
    private mutating func compareProjection() throws {
        do {
            guard let stored = try evidence.projection() else { return }
            if let id = fold.firstDifference(from: stored) {
                find(
                    .projectionDiffers,
                    nil,
                    "What the ledger knows of \(id.fullAddress) is not what its records add up to"
                )
            } else {
                let count = fold.applied.count
                result.proven.append(
                    "The applied state (\(count) resources, \(fold.holds.count) holds) is what "
                        + "the records add up to"
                )
            }
        } catch let error as LedgerError where error.code == .malformed {
            find(.projectionDiffers, nil, error.message)
        }
    }

    private mutating func judge(_ signed: Result<SignedHead?, LedgerError>) {
        switch signed {
        case .failure(let error): find(.headMalformed, nil, error.message)
        case .success(.some(let head)): judge(head)
        case .success(.none) where result.records == 0: break
        case .success(.none) where witness.head != nil && witness.publicKey == nil:
            result.notProven.append("Who wrote it: there is no signed head")
        case .success(.none):
            find(
                .headMissing,
                nil,
                "The signed head is missing: records may be cut at the end; give --head SEQ:HASH"
            )
        }
    }

    private mutating func judge(_ signed: SignedHead) {
        guard signed.ledger == result.ledger else {
            find(.otherLedger, nil, "The signed head is of ledger \(signed.ledger)")
            return
        }
        judgeSignature(signed)
        guard signed.seq <= result.records else {
            cut(at: signed.head, named: "The signed head")
            return
        }
        guard signed.hash == signedHash else {
            rewritten(signed.head, named: "the signed head")
            return
        }
        let behind = result.records - signed.seq
        if behind > 0 {
            result.notProven.append(
                "The last \(behind) records are not signed: the writer died before it could; "
                    + "the next 'apply' signs them"
            )
        }
    }

    private mutating func judgeSignature(_ signed: SignedHead) {
        guard let own = PublicKey(base64: signed.publicKey), signed.isSigned(by: own) else {
            find(.badSignature, signed.seq, "The signature of head \(signed.head.short) is bad")
            return
        }
        guard let given = witness.publicKey else {
            result.notProven.append(
                "Who signed head \(signed.head.short): the key came with it; give --public-key FILE"
            )
            return
        }
        guard given == own else {
            find(
                .wrongKey,
                signed.seq,
                "Head \(signed.head.short) was signed by another key than the given one"
            )
            return
        }
        result.proven.append("Head \(signed.head.short) was signed by the given key")
    }

    private mutating func judgeWitness() {
        guard let head = witness.head else {
            result.notProven.append(
                "That nothing was cut together with its head: give --head SEQ:HASH from elsewhere"
            )
            return
        }
        guard head.seq <= result.records else {
            cut(at: head, named: "The given head")
            return
        }
        guard let witnessHash, witnessHash.hasPrefix(head.hash) else {
            rewritten(head, named: "the given head")
            return
        }
        result.proven.append("Record \(head.short) is the one of the given head")
        if head.seq < result.records {
            result.notProven.append(
                "That nothing after record \(head.seq) was cut: the given head is older"
            )
        }
    }

    private mutating func cut(at head: ChainHead, named name: String) {
        let first = result.records + 1
        find(
            .cut,
            first,
            "Record \(first) is missing: \(name) names record \(head.short), and the chain ends "
                + "before it"
        )
    }

    private mutating func rewritten(_ head: ChainHead, named name: String) {
        find(
            .rewritten,
            head.seq,
            "Record \(head.seq) is not the one that \(name) names, \(head.short): the chain was "
                + "rewritten there or before"
        )
    }
}

extension Verification.Finding.Code {
    /// After these nothing that follows in the chain can be judged.
    fileprivate var breaksChain: Bool {
        switch self {
        case .recordChanged, .recordMissing, .recordMoved, .forked: true
        default: false
        }
    }
}
