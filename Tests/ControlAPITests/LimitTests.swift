import MeshModel
import NIOCore
import Testing

@testable import ControlAPI

/// What is bounded, and what is forgotten.
@Suite struct LimitTests {
    private func source(_ address: String) throws -> RequestSource {
        RequestSource(try SocketAddress(ipAddress: address, port: 1))
    }

    @Test func sourcesAreToldApart() throws {
        #expect(try source("10.1.2.3").description == "10.1.2.3")
        #expect(try source("::ffff:10.1.2.3") == source("10.1.2.3"))
        #expect(try source("2001:db8:1:2:3:4:5:6").description == "2001:db8:1:2::/64")
        #expect(try source("2001:db8:1:2::1") == source("2001:db8:1:2:ffff::9"))
        #expect(try source("2001:db8:1:3::1") != source("2001:db8:1:2::1"))
        #expect(RequestSource(nil).description == "unknown")
    }

    @Test func aBucketFillsWithTime() throws {
        let limits = SourceLimits(perSecond: 2, burst: 3, mostConnections: 1)
        let one = try source("10.0.0.1")
        func take(at milliseconds: Int64) -> Bool {
            limits.take(one, at: Instant(milliseconds: milliseconds))
        }
        #expect([0, 0, 0, 0].map(take) == [true, true, true, false])
        #expect([400, 500, 500].map(take) == [false, true, false])
        limits.giveBack(one)
        #expect([500, 500].map(take) == [true, false])
        #expect([0, 1_000_000].map(take) == [false, true], "time that goes back gives nothing")
        #expect(limits.take(try source("10.0.0.2"), at: Instant(milliseconds: 0)))
    }

    /// A flood from everywhere costs a table of fixed size, and whoever was there keeps a bucket.
    @Test func theTableIsBounded() throws {
        let limits = SourceLimits(perSecond: 1, burst: 2, mostConnections: 1)
        let now = Instant(milliseconds: 0)
        let known = try source("192.0.2.1")
        #expect(limits.take(known, at: now))
        var taken = 0
        for number in 0..<10_000 {
            let address = try source("10.0.\(number / 250).\(number % 250)")
            if limits.take(address, at: now) { taken += 1 }
        }
        #expect((4096...4100).contains(taken), "beyond the table, all share one bucket")
        #expect(limits.take(known, at: now))
        // Once they are quiet, there is room for others.
        #expect(limits.take(try source("192.0.2.2"), at: Instant(milliseconds: 10_000)))
    }

    @Test func bodiesShareABudget() {
        let budget = Allowance(10)
        #expect(budget.take(7) && !budget.take(4) && budget.take(3))
        budget.giveBack(7)
        #expect(budget.take(7) && !budget.take(1))
    }

    @Test func memoryForgetsTheOldestFirst() {
        var memory = DeliveryMemory()
        func print(_ number: Int) -> DeliveryPrint {
            DeliveryPrint(id: "\(number)", body: Array("\(number)".utf8))
        }
        let now = Instant(milliseconds: 0)
        let later = now + .seconds(3600)
        for number in 0...8192 { memory.remember(print(number), at: now) }
        #expect(memory.repetition(of: print(0), at: later) == nil)
        for number in [1, 2, 8192] {
            #expect(memory.repetition(of: print(number), at: later) != nil)
        }
        #expect(memory.repetition(of: print(1), at: now + .seconds(86_400)) == nil)
        let other = DeliveryPrint(id: "other", body: Array("8192".utf8))
        #expect(memory.repetition(of: other, at: now) != nil)
        #expect(memory.repetition(of: other, at: later) == nil)
        // Remembered anew, it counts from then on.
        memory.remember(other, at: later)
        #expect(memory.repetition(of: other, at: later + .seconds(86_000)) != nil)
    }

    @Test func onlyAFileThatCanBeASecretIsOne() {
        let paths = ["/dev/null", "/dev/zero", "/", "/no/such/file", ""]
        let (secrets, faults) = WebhookSecretFiles(paths).read()
        #expect(secrets.isEmpty && faults.map(\.path) == paths)
        let words = ["empty", "too long", "Is a directory", "No such file", "No such file"]
        for (fault, word) in zip(faults, words) {
            #expect(fault.description.contains(word), "\(fault)")
        }
    }

    @Test func datesAreRead() {
        #expect(EventDate.milliseconds("1970-01-01T00:00:00Z") == 0)
        #expect(EventDate.milliseconds("2018-07-05T18:22:00+0000") == 1_530_814_920_000)
        #expect(EventDate.milliseconds("2018-07-05T20:22:00.123+02:00") == 1_530_814_920_000)
        #expect(EventDate.milliseconds("2024-02-29T23:59:59-0130") == 1_709_256_599_000)
        for text in [
            "", "2018-07-05", "2018-07-05T18:22:00", "2018-07-05T24:22:00Z",
            "2018-07-05T18:22:00+1",
            "2018-07-05T18:22:00+99:99", "99999999999999999999999", "2018-00-05T18:22:00Z",
            "٢٠١٨-07-05T18:22:00Z",
        ] {
            #expect(EventDate.milliseconds(text) == nil, "\(text)")
        }
    }

    @Test func theLogKeepsSignedDeliveriesThroughAFlood() throws {
        let deliveries = Deliveries()
        func record(_ decision: DeliveryDecision) {
            deliveries.record {
                Delivery(
                    number: $0,
                    time: 1_795_176_000_000,
                    source: "10.0.0.1",
                    flavor: .cloud,
                    key: "repo:push",
                    id: "1",
                    attempt: nil,
                    repository: "acme/mesh",
                    decision: decision,
                    reason: "so"
                )
            }
        }
        record(.queued)
        for _ in 0..<5000 { record(.wrongSignature) }
        #expect(deliveries.latest.count == 129 && deliveries.latest.first?.decision == .queued)
        #expect(deliveries.counts == [.queued: 1, .wrongSignature: 5000])
        let oldest = try #require(deliveries.json.items?.last?.json)
        #expect(
            oldest == """
                {"decision":"queued","event":"repo:push","flavor":"cloud","id":"1","number":1,\
                "reason":"so","repository":"acme/mesh","source":"10.0.0.1",\
                "time":"2026-11-20T12:00:00.000Z"}
                """
        )
        for _ in 0..<1000 { record(.duplicate) }
        #expect(deliveries.latest.count == 640)
    }
}
