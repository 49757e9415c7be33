import MeshModel
import Testing

@testable import Manifests

/// What a plain scalar is taken for, and when that must be said in another way.
struct ScalarTests {
    @Test(arguments: [
        ("", ScalarReading.null), ("~", .null), ("null", .null), ("no", .bool(false)),
        ("Yes", .bool(true)), ("on", .bool(true)), ("FALSE", .bool(false)), ("y", .text),
        ("n", .text), ("nO", .text), ("0", .integer(0)), ("-5", .integer(-5)), ("+5", .integer(5)),
        ("8080", .integer(8080)), ("9223372036854775807", .integer(.max)), ("99.5", .number(99.5)),
        (".5", .number(0.5)), ("1.", .number(1)), ("1.2.3", .text), ("v1", .text), (".", .text),
        ("-", .text), ("1-2", .text), ("10.0.0.1", .text), ("a:b", .text), ("e3", .text),
        ("::1", .text), ("2024-01", .text), ("1e", .text), ("0x", .text), ("1,5", .text),
    ])
    func reads(text: String, reading: ScalarReading) {
        #expect(ScalarReading(text) == reading)
    }

    @Test(arguments: [
        "08", "010", "0o10", "0x1F", "0b11", "-012", "012345678901", "1:30", "190:20:30", "1:30.5",
        "1_000", "1_0.5", "1e3", "1.5E-3", "2024-01-01", "2024-1-1", "2001-12-14t21:59:43.10-05:00",
        ".inf", ".NaN", "-.INF",
    ])
    func readersDisagree(text: String) {
        guard case .ambiguous = ScalarReading(text) else {
            Issue.record("\(text) is \(ScalarReading(text))")
            return
        }
    }

    /// Beyond 64 bits a number is no integer of any field, but it may be a text.
    @Test func largeNumbersKeepTheirText() throws {
        let text = "kind: VirtualNode\nvirtualNodeName: 99999999999999999999\n"
        let node = try #require(read(yaml: text).mesh?.resources.keys.first)
        #expect(node.name == "99999999999999999999")
    }

    @Test func tagsDecide() throws {
        let text = """
            kind: VirtualNode
            virtualNodeName: !!str 08
            spec:
              serviceDiscovery: { dns: { hostname: ! no } }
              listeners: [{ portMapping: { port: !!int "8080", protocol: http } }]
            """
        let reading = read(yaml: text)
        #expect(reading.diagnostics.isEmpty)
        let spec = try #require(reading.mesh?.resources.values.first?.spec)
        #expect(ServiceDiscovery(spec) == .dns(hostname: "no"))
        #expect(Listener.list(in: spec).map(\.port) == [8080])
    }

    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("20s", .seconds(20)), ("2m", .seconds(120)),
        ("1h30m", .seconds(5400)), ("1h1m1s1ms", .milliseconds(3_661_001)), ("0s", .zero),
    ])
    func durations(text: String, duration: Duration) {
        #expect(DurationText.duration(text) == duration)
        #expect(DurationText.text(duration) == text)
    }

    @Test(arguments: [
        "", "5", "s", "1d", "1.5s", "-1s", "1m1h", "1s1s", "1h 30m", "9999999999s", "1S", "١s",
    ])
    func noDurations(text: String) {
        #expect(DurationText.duration(text) == nil)
    }
}
