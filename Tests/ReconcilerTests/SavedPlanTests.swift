import Foundation
import MeshModel
import Planning
import Reconciler
import Testing

/// The bytes of a saved plan: everything that is read from them came from who knows where.
@Suite("A saved plan's bytes", .timeLimit(.minutes(2))) struct SavedPlanTests {
    private static func saved() async throws -> SavedPlan {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100, cartLog: "/dev/stderr").tree)
            return try await world.process { process in
                try await process.survey(PlanOptions(adopt: .matching([Glob("*")]))).saved
            }
        }
    }

    @Test("survive being written and read") func survive() async throws {
        let saved = try await Self.saved()
        let bytes = try saved.encoded()
        #expect(try SavedPlan(decoding: bytes) == saved)
        #expect(bytes.last == UInt8(ascii: "\n"))
    }

    private static let edits = [
        ("/dev/stderr", "/dev/null"), ("\"weight\":50", "\"weight\":51"),
        ("\"action\":\"update\"", "\"action\":\"delete\""),
        ("\"endpoint\":\"https://mesh.test\"", "\"endpoint\":\"https://mesh.best\""),
        ("\"tree\":\"", "\"tree\":\"0"), ("\"version\":1", "\"version\":7"),
    ]

    @Test("that were altered anywhere are refused") func altered() async throws {
        let text = String(decoding: try await Self.saved().encoded(), as: UTF8.self)
        for (old, new) in Self.edits {
            try #require(text.contains(old), "\(old) is not in the file")
            let altered = Array(text.replacing(old, with: new, maxReplacements: 1).utf8)
            #expect(throws: SavedPlanError.altered, "\(old)") {
                try SavedPlan(decoding: altered)
            }
        }
    }

    /// Whoever makes the digest fit must still make the ids fit, and then it is another plan.
    @Test("whose content is not what the ids say are refused, whatever the digest") func forged()
        async throws
    {
        let text = String(decoding: try await Self.saved().encoded(), as: UTF8.self)
        let start = try #require(text.range(of: "\"content\":")).upperBound
        let end = try #require(text.range(of: ",\"schema\":")).lowerBound
        for (old, new) in Self.edits {
            let content = text[start..<end].replacing(old, with: new)
            let forged = try JSONDecoder().decode(SavedPlan.self, from: Data(content.utf8))
            #expect(!forged.isWhole, "\(old)")
            let bytes = try forged.encoded()
            #expect(throws: SavedPlanError.altered, "\(old)") { try SavedPlan(decoding: bytes) }
        }
    }

    @Test(
        "that are none are refused with a reason",
        arguments: [
            "", "{", "[]", "null", "{}", #"{"schema":1}"#, #"{"schema":"x","schema":"x"}"#,
            #"{"schema":"plumbline.dev/saved-plan/v1"}"#,
            #"{"schema":"plumbline.dev/saved-plan/v1","sha256":"","content":{},"x":[1e999}"#,
            #"{"schema":"plumbline.dev/saved-plan/v1","sha256":"","content":{}}"#,
            String(repeating: "[", count: 100_000),
        ]
    )
    func none(text: String) throws {
        let error = #expect(throws: SavedPlanError.self) {
            try SavedPlan(decoding: Array(text.utf8))
        }
        guard case .notAPlan = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("of another version, or too many, are refused") func otherwise() throws {
        let newer = Array(
            #"{"schema":"plumbline.dev/saved-plan/v2"}"#.utf8
        )
        #expect(throws: SavedPlanError.otherFormat("plumbline.dev/saved-plan/v2")) {
            try SavedPlan(decoding: newer)
        }
        let blank = [UInt8](repeating: 0x20, count: SavedPlan.sizeLimit + 1)
        #expect(throws: SavedPlanError.tooLarge) { try SavedPlan(decoding: blank) }
    }

    /// What is still whole after a change is the same plan: the rest of the file decides nothing.
    @Test("with any byte replaced, cut or doubled never trap and never mean another plan")
    func anything() async throws {
        let saved = try await Self.saved()
        let bytes = try saved.encoded()
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var hurt = bytes
            let place = Int.random(in: 0..<hurt.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: hurt[place] = UInt8.random(in: .min ... .max, using: &random)
            case 1: hurt.removeSubrange(place...)
            default: hurt.insert(hurt[place], at: place)
            }
            guard let read = try? SavedPlan(decoding: hurt) else { continue }
            #expect(read.plan.id == saved.plan.id, "byte \(place)")
            #expect(read.plan.changeDigest == saved.plan.changeDigest, "byte \(place)")
        }
    }
}
