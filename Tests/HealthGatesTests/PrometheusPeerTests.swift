import Foundation
import HealthGates
import Hummingbird
import MeshModel
import Subprocess
import Synchronization
import SystemPackage
import Testing

/// Debian's Prometheus, scraping a backend of ours: the peer that we did not write.
@Suite struct PrometheusPeerTests {
    static let executable = "/usr/bin/prometheus"

    /// Absent on a laptop is a skip; absent in CI is a failure.
    static let isWanted =
        FileManager.default.isExecutableFile(atPath: executable)
        || ProcessInfo.processInfo.environment["CI"] == "true"

    @Test(.enabled(if: isWanted, "Debian's package 'prometheus' is not installed"))
    func gatesReadWhatPrometheusScraped() async throws {
        let hits = Mutex(0)
        try await withServer { _, _ in
            // Each scrape finds nine more answers, eight of them good, and one metric that is NaN.
            let count = hits.withLock { count in
                count += 1
                return count
            }
            return .text(
                """
                # TYPE answers counter
                answers{node="v2",class="2"} \(count * 8)
                answers{node="v2",class="5"} \(count)
                # TYPE temperature gauge
                temperature NaN
                # TYPE ceiling gauge
                ceiling +Inf

                """
            )
        } _: { backend in
            try await withPrometheus(scraping: backend) { base in
                let reader = GateReader(hosts: .loopback)
                try await Self.check(base, reader)
                try await reader.shutdown()
            }
        }
    }

    private static func check(_ base: String, _ reader: GateReader) async throws {
        @Sendable func ask(_ query: String) async -> Reading {
            let gate = Gate(name: "g", source: .prometheus(url: base, query: query), min: 1)
            return await reader.read(gate, new: TrafficTarget(node: "v2"))
        }
        let rate = #"100 * sum(rate(answers{node="${new.node}",class="2"}[1m]))"#
        let share = rate + #" / sum(rate(answers{node="${new.node}"}[1m]))"#
        var reading = Reading.noData("not asked yet")
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(30)
        while clock.now < deadline {
            reading = await ask(share)
            if case .number = reading { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        guard case .number(let percent) = reading else {
            Issue.record("no number within 30 s: \(reading)")
            return
        }
        #expect(abs(percent - 800.0 / 9) < 0.001)
        #expect(await ask("scalar(vector(7))") == .number(7))
        #expect(await kind(ask(#"answers{node="v1"}"#)) == "no data")
        #expect(await kind(ask("temperature")) == "no data")
        #expect(await kind(ask("answers")) == "inconclusive")
        #expect(await kind(ask("ceiling")) == "inconclusive")
        #expect(await kind(ask("answers[1m]")) == "error")
        let wrong = await ask("sum(")
        guard case .error(let text) = wrong else {
            Issue.record("\(wrong)")
            return
        }
        #expect(text.contains("bad_data") && text.contains("parse error"))
    }

    private static func kind(_ reading: Reading) -> String {
        switch reading {
        case .counters, .number: "number"
        case .noData: "no data"
        case .inconclusive: "inconclusive"
        case .error: "error"
        }
    }
}

/// Runs a Prometheus of its own on a port that was free a moment ago.
private func withPrometheus(
    scraping backend: String,
    _ body: @escaping @Sendable (_ base: String) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory
        .appending(path: "plumbline-prometheus-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let settings = """
        global: { scrape_interval: 200ms, scrape_timeout: 200ms }
        scrape_configs:
          - job_name: backend
            static_configs: [{ targets: ["\(backend.replacing("http://", with: ""))"] }]
        """
    let file = folder.appending(path: "prometheus.yml")
    try Data(settings.utf8).write(to: file)
    let port = try #require(freePort())
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            _ = try await Subprocess.run(
                .path(FilePath(PrometheusPeerTests.executable)),
                arguments: [
                    "--config.file=\(file.path)",
                    "--storage.tsdb.path=\(folder.appending(path: "data").path)",
                    "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
                ],
                output: .discarded
            )
        }
        group.addTask { try await body("http://127.0.0.1:\(port)") }
        defer { group.cancelAll() }
        try await group.next()
    }
}

/// A port where nobody listened a moment ago: Prometheus cannot say which it took for port 0.
func freePort() -> Int? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            bind(descriptor, generic, size) == 0 && getsockname(descriptor, generic, &size) == 0
        }
    }
    return isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil
}
