import HTTPTypes
import HealthGates
import Hummingbird
import MeshModel
import Testing

@Suite struct GateReaderTests {
    private static let page = """
        # HELP hits Hits.
        # TYPE hits counter
        hits{node="v1",class="2"} 5
        hits{node="v2",class="2"} 90 1700000000000
        hits{node="v2",class="5"} 10
        all{node="v2"} 1e2
        """

    /// A gate as the sample has it: two series of one page, the new node in their labels.
    private static func scrape(_ url: String) -> Gate {
        Gate(
            name: "success-rate",
            source: .scrape(
                url: url,
                good: .init(metric: "hits", labels: ["node": "${new.node}", "class": "2"]),
                total: .init(metric: "all", labels: ["node": "${new.node}"])
            ),
            min: 99
        )
    }

    private static func query(_ url: String, _ query: String = "up") -> Gate {
        Gate(name: "rate", source: .prometheus(url: url, query: query), min: 99)
    }

    /// Reads one gate with a reader of its own.
    private static func read(
        _ gate: Gate,
        hosts: GateHosts = .loopback,
        timeout: Duration = .seconds(10),
        bodyBytes: Int = 1 << 20
    ) async throws -> Reading {
        var limits = GateLimits()
        limits.timeout = timeout
        limits.bodyBytes = bodyBytes
        let reader = GateReader(hosts: hosts, limits: limits)
        let reading = await reader.read(gate, new: TrafficTarget(node: "v2"))
        try await reader.shutdown()
        return reading
    }

    private static func text(of reading: Reading) -> String {
        switch reading {
        case .error(let text), .noData(let text), .inconclusive(let text): text
        case .counters, .number: ""
        }
    }

    @Test func aScrapeReadsBothCountersOfTheNewNode() async throws {
        try await withServer { _, _ in
            .text(Self.page)
        } _: { base in
            let reading = try await Self.read(Self.scrape(base + "/stats/prometheus"))
            #expect(reading == .counters(good: 90, total: 100))
        }
    }

    @Test func theQueryIsPostedAndFilled() async throws {
        try await withServer { request, _ in
            let body = try await request.body.collect(upTo: 4096)
            let isRight =
                request.method == .post && request.uri.path == "/prefix/api/v1/query"
                && String(buffer: body).hasPrefix("query=rate%28hits%7Bnode%3D%22v2%22%7D%29&")
            return .text(
                """
                {"status":"success","data":{"resultType":"vector","result":[\
                {"metric":{},"value":[1435781451.781,"\(isRight ? "99.5" : "0")"]}]}}
                """
            )
        } _: { base in
            let gate = Self.query(base + "/prefix/", #"rate(hits{node="${new.node}"})"#)
            let reading = try await Self.read(gate)
            #expect(reading == .number(99.5))
        }
    }

    @Test func aComplaintOfPrometheusIsTheError() async throws {
        try await withServer { _, _ in
            .text(
                #"{"status":"error","errorType":"bad_data","error":"parse error: oops"}"#,
                status: .badRequest
            )
        } _: { base in
            let reading = try await Self.read(Self.query(base))
            #expect(Self.text(of: reading).contains("bad_data: parse error: oops"))
            guard case .error = reading else {
                Issue.record("\(reading)")
                return
            }
        }
    }

    @Test func anOldNodeThatIsNotThereIsInconclusive() async throws {
        let gate = Self.query("http://127.0.0.1:9", #"a{n="${old.node}"}"#)
        guard case .inconclusive = try await Self.read(gate) else {
            Issue.record("a gate without an old node must not be read")
            return
        }
    }

    @Test(arguments: [
        "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1.example.com/",
        "http://127.1/", "http://2130706433/", "file:///etc/passwd", "http+unix://%2Ftmp%2Fs/",
        "http://[::2]/", "http:///nohost", "http://user:hunter2@127.0.0.1/", "nonsense", "",
    ])
    func anAddressOffTheListIsNotCalled(_ address: String) async throws {
        let reading = try await Self.read(Self.scrape(address))
        guard case .error(let text) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(!text.contains("hunter2"))
    }

    @Test func aListedHostIsCalledAndTheRefusalSaysWhatToDo() async throws {
        let hosts = GateHosts(["Prometheus.Monitoring.svc."])
        let refused = try await Self.read(Self.query("http://other.svc/"), hosts: hosts)
        #expect(Self.text(of: refused).contains("gates.hosts"))
        let called = try await Self.read(
            Self.query("http://prometheus.monitoring.svc:1/"),
            hosts: hosts,
            timeout: .seconds(2)
        )
        #expect(!Self.text(of: called).contains("gates.hosts"))
    }

    @Test func aRedirectIsNotFollowed() async throws {
        try await withServer { request, _ in
            request.uri.path == "/elsewhere"
                ? .text(Self.page)
                : Response(status: .found, headers: [.location: "/elsewhere"])
        } _: { base in
            let reading = try await Self.read(Self.scrape(base))
            #expect(Self.text(of: reading).contains("redirects"))
        }
    }

    @Test func aSilentServerIsAnErrorInTime() async throws {
        try await withServer { _, _ in
            try await Task.sleep(for: .seconds(60))
            return .text("")
        } _: { base in
            let clock = ContinuousClock()
            let begin = clock.now
            let reading = try await Self.read(Self.scrape(base), timeout: .milliseconds(200))
            #expect(Self.text(of: reading).contains("no answer within"))
            #expect(clock.now - begin < .seconds(20))
        }
    }

    @Test func aBodyThatNeverEndsIsCutOff() async throws {
        try await withServer { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    let part = ByteBuffer(repeating: UInt8(ascii: "#"), count: 65_536)
                    while true { try await writer.write(part) }
                }
            )
        } _: { base in
            let reading = try await Self.read(Self.scrape(base))
            #expect(Self.text(of: reading).contains("larger than 1048576 bytes"))
        }
    }

    @Test func aPageThatDripsIsAnErrorInTime() async throws {
        try await withServer { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    while true {
                        try await writer.write(ByteBuffer(string: "#\n"))
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
            )
        } _: { base in
            let reading = try await Self.read(Self.scrape(base), timeout: .milliseconds(300))
            #expect(Self.text(of: reading).contains("no answer within"))
        }
    }

    @Test func aPlaceWhereNobodyListensIsAnError() async throws {
        let port = try #require(freePort())
        let reading = try await Self.read(Self.scrape("http://127.0.0.1:\(port)/"))
        guard case .error(let text) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(text.hasPrefix("Read 'http://127.0.0.1:\(port)/': "))
        #expect(text.contains("refused"))
    }
}
