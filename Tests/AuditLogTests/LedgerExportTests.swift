import AuditLog
import Foundation
import MeshModel
import Testing

/// An export that is read while the ledger goes on.
@Suite struct LedgerExportTests {
    @Test func aSlowReaderHasTheLedgerAsItWasAndHoldsNothing() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                try Self.fill(ledger, 0..<16)
                let head = try ledger.head()
                let export = try LedgerExport(folder)
                var bundle = try #require(try export.next())
                let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                var part = try export.next()
                for start in stride(from: 16, to: 160, by: 16) {
                    if let lines = part { bundle += lines }
                    try Self.fill(ledger, start..<start + 16)
                    part = try export.next()
                }
                // 10 MiB were written; old pages that somebody reads would all still be there.
                let journal = try #require(
                    try FileManager.default.attributesOfItem(atPath: folder.ledger + "-wal")[.size]
                        as? Int
                )
                #expect(journal < 7 << 20)
                while let lines = part {
                    #expect(lines.count < 1 << 18, "parts are small")
                    bundle += lines
                    part = try export.next()
                }
                #expect(try export.next() == nil)
                let now = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                #expect(Set(now) == Set(files), "nothing is copied")

                let path = folder.path + "/bundle.jsonl"
                #expect(
                    FileManager.default.createFile(atPath: path, contents: Data(bundle))
                )
                let verified = try Ledger.verify(bundle: path)
                #expect(verified.isIntact)
                #expect(verified.head == head)
            }
        }
    }

    /// Records with bodies of 64 KiB.
    private static func fill(_ ledger: Ledger, _ numbers: Range<Int>) throws {
        for number in numbers {
            let text = String(repeating: "x", count: 1 << 16) + String(number)
            let entry = LedgerEntry(
                .driftFound,
                resource: Sample.route,
                after: ["text": .string(text)],
                payload: .empty
            )
            try ledger.commit([entry], as: Sample.context())
        }
    }
}
