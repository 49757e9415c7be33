import Foundation
import MeshModel
import Settings
import Testing

/// A settings file that means harm, or is only very wrong: bounded time, and never a trap.
struct HostileSettingsTests {
    @Test func sizeAndNumbersAreBounded() {
        let large = [UInt8](repeating: UInt8(ascii: "["), count: 2_000_000)
        let reading = AgentSettings.read(large, file: "a.yaml", environment: [:], today: today)
        #expect(reading.diagnostics.map(\.code) == ["fileTooLarge"])
        let binary = AgentSettings.read([0xFF], file: "a.yaml", environment: [:], today: today)
        #expect(binary.diagnostics.map(\.code) == ["notUTF8"])
        let hosts = (0...100).map { "h\($0)" }.joined(separator: ", ")
        let many = read(settings("gates: { hosts: [\(hosts)] }"))
        #expect(many.diagnostics.map(\.code) == ["badCount"])
        let fields = (0..<3000).map { "f\($0): 1\n" }.joined()
        #expect(read(settings(fields)).diagnostics.count == 201)
    }

    @Test func manyTargetsAreRefusedAtOnce() {
        let targets = (0..<10_000)
            .map { "  - { name: t\($0), dependsOn: { target: u\($0), soak: 1s } }\n" }
        let clock = ContinuousClock()
        let elapsed = clock.measure {
            let reading = read("git: { url: . }\nstate: s\ntargets:\n" + targets.joined())
            #expect(reading.diagnostics.contains { $0.code == "badCount" })
        }
        #expect(elapsed < .seconds(20))
    }

    /// Judged by what half of the names cost: measured, the long ones would be a hundred times it.
    @Test func longMisspeltNamesAreNotMeasured() {
        let letters = String(repeating: "x", count: 59)
        let short = (10..<30).map { "\(letters)\($0)" }
        let long = (10..<30).map { String(repeating: "y", count: 5000) + "\($0)" }
        func cost(_ names: [String]) -> Duration {
            let targets = names.map {
                "  - { name: \($0), dependsOn: { target: z\(letters), soak: 1s } }\n"
            }
            let text = "git: { url: . }\nstate: s\ntargets:\n" + targets.joined()
            let times = (0..<3)
                .map { _ in
                    ContinuousClock()
                        .measure {
                            let codes = read(text).diagnostics.map(\.code)
                            #expect(codes.contains("unknownTarget"))
                        }
                }
            return times.min() ?? .zero
        }
        #expect(cost(short + long) < cost(short) * 20)
    }

    private static let fragments: [[UInt8]] =
        [
            "&", "*t", "?", ":", "-", "{", "}", "[", "]", "\"", "'", "|", ">", "#", "!", "~",
            "<<: ",
            "0", "-1", "99999999999999999999", "1e9", ".inf", "1h", "2027-02-30", "off", "null",
            "/",
            "//", "..", "@", "://", "%", "\n", "\t", "\n---\n", "\u{2028}", "\u{FEFF}", "é", "${X}",
        ]
        .map { Array($0.utf8) } + [[0], [0xFF], [0xC3]]

    private static func mutate(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 1...30, using: &random))
            let fragment = fragments.randomElement(using: &random) ?? []
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.insert(contentsOf: fragment, at: place)
            case 1: bytes.replaceSubrange(place..<end, with: fragment)
            case 2: bytes.removeSubrange(place..<end)
            default: bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes
    }

    @Test func mutatedSettingsNeverTrap() throws {
        let names = ["complete", "fields", "values", "promotion", "warnings"]
        let samples = try names.map { Array(try fixture("\($0).yaml").text.utf8) }
        var random = SplitMix64(seed: 20_261_121)
        let clock = ContinuousClock()
        let start = clock.now
        var whole = 0
        for round in 0..<3000 {
            let bytes = Self.mutate(samples[round % samples.count], &random)
            let value = Self.fragments.randomElement(using: &random) ?? []
            let reading = AgentSettings.read(
                bytes,
                file: round.isMultiple(of: 7) ? "a.json" : "conf/a.yaml",
                environment: ["PLUMBLINE_GIT_URL": String(decoding: value, as: UTF8.self)],
                today: today
            )
            let hasErrors = reading.diagnostics.contains { $0.severity == .error }
            #expect(hasErrors == (reading.settings == nil), "round \(round)")
            #expect(reading.diagnostics.count <= 250, "round \(round)")
            whole += hasErrors ? 0 : 1
            guard start.duration(to: clock.now) < .seconds(60) else {
                Issue.record("slow: \(round) rounds in a minute")
                return
            }
        }
        #expect(whole > 0, "no mutation left the settings sound, so nothing behind errors was read")
    }
}
