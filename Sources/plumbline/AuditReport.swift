import AuditLog
import Foundation
import MeshModel

/// Records and verifications in the forms that people and programs read; `Schemas/audit-*.json`.
enum AuditReport {
    static func log(_ records: [AuditRecord], ledger: String, head: ChainHead) -> SpecValue {
        [
            "schema": "plumbline.dev/audit-log/v1",
            "ledger": .string(ledger),
            "head": json(head),
            "records": .list(records.map(json)),
        ]
    }

    static func show(_ detail: Ledger.Detail, ledger: String) -> SpecValue {
        [
            "schema": "plumbline.dev/audit-record/v1",
            "ledger": .string(ledger),
            "record": json(detail.record),
            "before": detail.before ?? .null,
            "after": detail.after ?? .null,
        ]
    }

    static func verification(_ verification: Verification) -> SpecValue {
        [
            "schema": "plumbline.dev/audit-verification/v1",
            "ledger": .string(verification.ledger),
            "intact": .bool(verification.isIntact),
            "records": .integer(verification.records),
            "bodies": .integer(verification.bodies),
            "head": json(verification.head),
            "proven": .list(verification.proven.map { .string($0) }),
            "notProven": .list(verification.notProven.map { .string($0) }),
            "findings": .list(verification.findings.map(json)),
        ]
    }

    /// Where nothing could be examined: what verifies nothing is not intact.
    static func verification(failing error: LedgerError) -> SpecValue {
        [
            "schema": "plumbline.dev/audit-verification/v1",
            "ledger": .null,
            "intact": false,
            "records": 0,
            "bodies": 0,
            "head": .null,
            "proven": [],
            "notProven": [],
            "findings": [
                json(Verification.Finding(code: .unreadable, seq: nil, message: error.message))
            ],
        ]
    }

    static func export(to path: String, _ head: ChainHead) -> SpecValue {
        [
            "schema": "plumbline.dev/audit-export/v1",
            "file": .string(path),
            "head": json(head),
        ]
    }

    private static func json(_ finding: Verification.Finding) -> SpecValue {
        [
            "code": .string(finding.code.rawValue),
            "seq": finding.seq.map { .integer($0) } ?? .null,
            "message": .string(finding.message),
        ]
    }

    private static func json(_ head: ChainHead) -> SpecValue {
        ["seq": .integer(head.seq), "hash": .string(head.hash)]
    }

    /// Every member is always there; what a record has not is null.
    static func json(_ record: AuditRecord) -> SpecValue {
        [
            "seq": .integer(record.seq),
            "time": .string(EventLine.timestamp(record.time)),
            "kind": .string(record.kind.rawValue),
            "revision": text(record.revision?.description),
            "commit": text(record.revision?.commit),
            "author": text(record.revision?.author),
            "subject": text(record.revision?.subject),
            "actor": .string(record.actor),
            "mesh": .string(record.mesh),
            "resource": text(record.resource?.address),
            "plan": text(record.plan),
            "step": record.step.map { .integer(Int64($0)) } ?? .null,
            "intent": text(record.intent),
            "requestID": text(record.requestID),
            "clientToken": text(record.clientToken),
            "before": text(record.before?.hex),
            "after": text(record.after?.hex),
            "payload": record.payload,
            "prevHash": .string(record.previousHash),
            "hash": .string(record.hash),
        ]
    }

    private static func text(_ value: String?) -> SpecValue { value.map { .string($0) } ?? .null }
}

// For people.
extension AuditReport {
    /// Of records as they are printed for programs, here or by an agent.
    static func table(_ records: [SpecValue]) -> TextTable {
        var table = TextTable([
            "SEQ", "TIME", "KIND", "COMMIT", "RESOURCE", "STEP", "ACTOR", "DETAIL",
        ])
        for record in records {
            table.add([
                record["seq"]?.integer.map { String($0) } ?? "",
                record["time"]?.text ?? "",
                record["kind"]?.text ?? "",
                String(record["commit"]?.text?.prefix(7) ?? ""),
                record["resource"]?.text ?? "",
                record["step"]?.integer.map { String($0) } ?? "",
                record["actor"]?.text ?? "",
                summary(record["payload"] ?? .empty),
            ])
        }
        return table
    }

    /// The plain members of a payload on one line, `result=done`; the revision has a column.
    private static func summary(_ payload: SpecValue) -> String {
        (payload.members ?? [:]).filter { $0.key != "revision" }.sorted { $0.key < $1.key }
            .compactMap { name, value in
                switch value {
                case .null, .list, .object: nil
                case .string(let text): "\(name)=\(text)"
                case .bool, .integer, .number: "\(name)=\(value.json)"
                }
            }
            .joined(separator: " ")
    }

    /// Of a record as it is shown to programs, here or by an agent.
    static func page(_ detail: SpecValue, _ ink: Ink) -> [String] {
        let record = detail["record"] ?? .empty
        let mesh = record["mesh"]?.text ?? ""
        let resource = record["resource"]?.text.flatMap { ResourceID(address: $0, mesh: mesh) }
        let fields: [(String, String?)] = [
            ("record", record["seq"]?.integer.map { String($0) }),
            ("time", record["time"]?.text),
            ("kind", record["kind"]?.text),
            ("revision", record["revision"]?.text),
            ("author", record["author"]?.text),
            ("subject", record["subject"]?.text),
            ("actor", record["actor"]?.text),
            ("resource", resource?.fullAddress ?? "mesh/\(mesh)"),
            ("plan", record["plan"]?.text),
            ("step", record["step"]?.integer.map { String($0) }),
            ("intent", record["intent"]?.text),
            ("request id", record["requestID"]?.text),
            ("client token", record["clientToken"]?.text),
            ("previous", record["prevHash"]?.text),
            ("hash", record["hash"]?.text),
        ]
        var lines: [String] = []
        for (name, value) in fields {
            guard let value else { continue }
            let label = name.padding(toLength: 14, withPad: " ", startingAt: 0)
            lines.append(ink.dim(label) + value.printable)
        }
        lines += block("payload", record["payload"].flatMap { $0 == .empty ? nil : $0 }, ink)
        lines += block("before", detail["before"], ink)
        lines += block("after", detail["after"], ink)
        return lines
    }

    private static func block(_ name: String, _ value: SpecValue?, _ ink: Ink) -> [String] {
        guard let value, value != .null else { return [] }
        let text = value.prettyJSON.split(separator: "\n").map { "  " + String($0).printable }
        return [ink.dim(name)] + text
    }

    /// Of a verification as it is printed for programs, here or by an agent.
    static func lines(_ verification: SpecValue, _ ink: Ink) -> [String] {
        func texts(_ member: String) -> [String] {
            (verification[member]?.items ?? []).compactMap { ($0["message"] ?? $0).text?.printable }
        }
        let proven = texts("proven").map { ink.green("proven      ") + $0 }
        let open = texts("notProven").map { ink.yellow("not proven  ") + $0 }
        let findings = texts("findings")
        let wrong = findings.map { ink.red("wrong       ") + $0 }
        let name = "Ledger \((verification["ledger"]?.text ?? "").printable)"
        let records = verification["records"]?.integer ?? 0
        let head = ChainHead(verification["head"])?.short ?? ""
        let end =
            verification["intact"]?.flag == true
            ? ink.green("\(name) is intact: \(records) records, head ") + head
            : ink.red(
                "\(name) is not intact: \(findings.count) finding"
                    + (findings.count == 1 ? "" : "s")
            )
        return proven + open + wrong + [end]
    }
}

extension ChainHead {
    /// A head as it is printed for programs.
    init?(_ json: SpecValue?) {
        guard let seq = json?["seq"]?.integer, let hash = json?["hash"]?.text else { return nil }
        self.init("\(seq):\(hash)")
    }
}
