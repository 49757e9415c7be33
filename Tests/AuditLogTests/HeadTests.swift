import AuditLog
import Foundation
import MeshModel
import Testing

@Suite struct HeadTests {
    @Test func theHeadFollowsEveryCommit() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                let empty = try #require(try SignedHead.read(folder))
                #expect(empty.seq == 0)
                #expect(empty.ledger == ledger.id)
                try Sample.fill(ledger)
                let signed = try #require(try SignedHead.read(folder))
                #expect(try signed.head == ledger.head())
                #expect(signed.time == 1_700_000_002_000)
                let leftOver = FileManager.default.fileExists(atPath: folder.head + ".new")
                #expect(!leftOver)
            }
        }
    }

    @Test func cutTogetherWithItsHeadOnlyAHeadFromElsewhereTells() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                try ledger.commit([LedgerEntry(.planned)], as: Sample.context())
            }
            let old = try #require(FileManager.default.contents(atPath: folder.head))
            let newest = try withLedger(folder) { ledger in
                try Sample.fill(ledger)
                return try ledger.head()
            }
            try Attack.run("DELETE FROM record WHERE seq > 1", on: folder)
            try Attack.run("DELETE FROM applied; DELETE FROM hold", on: folder)
            try old.write(to: URL(filePath: folder.head))

            let alone = try Ledger.verify(folder)
            #expect(alone.isIntact)
            #expect(alone.notProven.contains { $0.contains("--head") })
            let told = try Ledger.verify(folder, Witness(head: newest))
            #expect(told.findings.map(\.code) == [.cut])
            #expect(told.findings.first?.seq == 2)
            let short = try #require(ChainHead(newest.short))
            #expect(try Ledger.verify(folder, Witness(head: short)).findings.count == 1)
        }
    }

    /// Who holds the key can write another history; the head of the old one refutes it.
    @Test func aForgedSuffixIsRefutedByAHeadFromElsewhere() throws {
        try withFolder { folder in
            let genuine = try withLedger(folder) { ledger in
                try Sample.fill(ledger)
                return try ledger.head()
            }
            try Attack.run("DELETE FROM record WHERE seq > 4", on: folder)
            try FileManager.default.removeItem(atPath: folder.head)
            try withLedger(folder) { ledger in
                try ledger.commit(
                    [
                        LedgerEntry(.verdict, resource: Sample.route),
                        LedgerEntry(.promoted, resource: Sample.route),
                        LedgerEntry(.finished),
                        LedgerEntry(.planned),
                    ],
                    [.released(Sample.route), .applied(Sample.route, Sample.applied(10))],
                    as: Sample.context("b")
                )
            }
            #expect(try Ledger.verify(folder).isIntact)
            let refuted = try Ledger.verify(folder, Witness(head: genuine))
            #expect(refuted.findings.map(\.code) == [.rewritten])
            #expect(refuted.findings.first?.seq == 7)
        }
    }

    @Test func anOlderHeadIsAPrefixAndSaysSo() throws {
        try withFolder { folder in
            try withLedger(folder) { try $0.commit([LedgerEntry(.planned)], as: Sample.context()) }
            let old = try #require(FileManager.default.contents(atPath: folder.head))
            let early = try Ledger(reading: folder).head()
            try withLedger(folder) { try Sample.fill($0) }
            try old.write(to: URL(filePath: folder.head))
            let result = try Ledger.verify(folder, Witness(head: early))
            #expect(result.isIntact)
            #expect(result.notProven.contains { $0.contains("last 7 records are not signed") })
            #expect(result.notProven.contains { $0.contains("given head is older") })

            try withLedger(folder) { #expect($0.warnings == []) }
            #expect(
                try Ledger.verify(folder).notProven.contains { $0.contains("signed:") } == false
            )
            #expect(try SignedHead.read(folder)?.seq == 8)
        }
    }

    @Test func aMissingHeadIsAFindingUnlessAnotherIsGiven() throws {
        try withFolder { folder in
            let head = try withLedger(folder) { ledger in
                try Sample.fill(ledger)
                return try ledger.head()
            }
            try FileManager.default.removeItem(atPath: folder.head)
            #expect(try Ledger.verify(folder).findings.map(\.code) == [.headMissing])
            #expect(try Ledger.verify(folder, Witness(head: head)).isIntact)
            let warnings = try withLedger(folder) { $0.warnings }
            #expect(warnings.count == 1)
            #expect(try Ledger.verify(folder).isIntact)
        }
    }

    @Test(arguments: ["seq", "hash", "time", "ledger", "signature", "publicKey"])
    func aForgedHeadIsFound(_ member: String) throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            let url = URL(filePath: folder.head)
            var members = try #require(
                try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
            )
            switch member {
            case "seq", "time": members[member] = 6
            case "publicKey": members[member] = SigningKey().publicKey.base64
            case "signature": members[member] = Data(count: 64).base64EncodedString()
            default: members[member] = String(repeating: "0", count: 64)
            }
            try JSONSerialization.data(withJSONObject: members).write(to: url)
            let codes = try Ledger.verify(folder).findings.map(\.code)
            let expected: Verification.Finding.Code =
                member == "ledger" ? .otherLedger : .badSignature
            #expect(codes.first == expected)
        }
    }

    @Test func aHeadThatIsNoneIsFound() throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            try Data("{}".utf8).write(to: URL(filePath: folder.head))
            #expect(try Ledger.verify(folder).findings.map(\.code) == [.headMalformed])
        }
    }

    @Test func theWriterRefusesToSignOverACut() throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            try Attack.run("DELETE FROM record WHERE seq = 7", on: folder)
            let error = #expect(throws: LedgerError.self) { try withLedger(folder) { _ in } }
            #expect(error?.code == .headDisagrees)
            #expect(try Ledger.verify(folder).findings.map(\.code) == [.cut])
        }
    }

    /// A new ledger in the place of a lost one would forget what it owns.
    @Test func aLostLedgerIsNotReplacedSilently() throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            for file in [folder.ledger, folder.ledger + "-wal", folder.ledger + "-shm"] {
                try? FileManager.default.removeItem(atPath: file)
            }
            let error = #expect(throws: LedgerError.self) { try withLedger(folder) { _ in } }
            #expect(error?.code == .headDisagrees)
            #expect(!folder.hasLedger)
        }
    }

    @Test func onlyTheRightPublicKeyProvesWhoSigned() throws {
        try withFolder { folder in
            try folder.make()
            let file = folder.path + "/own.pem"
            try Data(SigningKey().pem.utf8).write(to: URL(filePath: file))
            try withLedger(folder, signingKey: file) { ledger in
                #expect(ledger.warnings == [])
                try Sample.fill(ledger)
            }
            #expect(!FileManager.default.fileExists(atPath: folder.signingKey))
            let right = Witness(publicKey: try SigningKey(file: file).publicKey)
            let proven = try Ledger.verify(folder, right)
            #expect(proven.isIntact)
            #expect(proven.proven.contains { $0.contains("signed by the given key") })
            let wrong = Witness(publicKey: SigningKey().publicKey)
            #expect(try Ledger.verify(folder, wrong).findings.map(\.code) == [.wrongKey])
        }
    }

    @Test func keysAreReadAndRefused() throws {
        try withFolder { folder in
            try folder.make()
            let key = SigningKey()
            let file = folder.path + "/key"
            for (pem, isPrivate, isPublic) in [
                (key.pem, true, false), (key.publicKey.pem, false, true), ("", false, false),
                ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", false, false),
            ] {
                try Data(pem.utf8).write(to: URL(filePath: file))
                #expect(((try? SigningKey(file: file)) != nil) == isPrivate)
                #expect(((try? PublicKey(file: file)) != nil) == isPublic)
            }
            #expect(throws: LedgerError.self) { try SigningKey(file: folder.path + "/none") }
        }
    }

    @Test func headsOnTheCommandLine() {
        let hash = String(repeating: "9f8e", count: 16)
        #expect(ChainHead("1042:\(hash)")?.description == "1042:\(hash)")
        #expect(ChainHead("1042:9f8e9f8e9f8e")?.seq == 1042)
        for text in [
            "", "1042", "1042:9f8e", "-1:\(hash)", "x:\(hash)", "1:2:\(hash)", "1:\(hash)0",
        ] {
            #expect(ChainHead(text) == nil, "\(text)")
        }
    }
}
