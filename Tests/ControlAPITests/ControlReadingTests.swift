import MeshModel
import Subprocess
import SystemPackage
import Testing

@testable import ControlAPI

/// What there is to read: reports in their forms, probes, figures, the ledger, events.
@Suite(.timeLimit(.minutes(2))) struct ControlReadingTests {
    @Test func aDriftReportComesInFourForms() async throws {
        try await Controls.running { controls in
            let path = "/v1/targets/prod/drift"
            let json = try await controls.ask(path)
            #expect(json["drift"] == true && json["findings"]?.items?.count == 2)
            let text = try await controls.ask(path + "?format=text&class=modified")
            #expect(
                text.body == """
                    virtualNode/a  modified: edited ``` by hand
                    virtualNode/b  unmanaged: edited ``` by hand

                    """
            )
            #expect(await controls.agent.asked?.classes == ["modified"])
            #expect(text.header("content-type") == "text/plain; charset=utf-8")
            let accepted = try await controls.send(
                APIRequest("GET", path, as: .viewer).with("Accept", "text/markdown")
            )
            #expect(accepted.body.hasPrefix("## Drift of prod\n\n````text\n"))
            #expect(accepted.body.hasSuffix("\n````\n"))
            let sarif = try await controls.ask(path + "?format=sarif&failOn=unmanaged")
            #expect(sarif.header("content-type") == "application/sarif+json")
            let run = sarif["runs"]?.items?.first?.members
            let levels = run?["results"]?.items?.map { $0.members?["level"]?.text }
            #expect(sarif["version"] == "2.1.0" && levels == ["error", "error"])
            _ = try await controls.ask(path + "?since=2026-11-20T12:00:01Z&class=missing,modified")
            let question = await controls.agent.asked
            #expect(
                question
                    == DriftQuestion(
                        classes: ["missing", "modified"],
                        since: Controls.noon + 1000,
                        failOn: []
                    )
            )
        }
    }

    @Test func aReportOfAMeshOutOfSightIsNoSuccess() async throws {
        try await Controls.running { controls in
            let path = "/v1/targets/prod/drift"
            for doubt in [nil, "the mesh is gone"] {
                if let doubt { await controls.agent.loseSight(doubt) }
                let sarif = try await controls.ask(path + "?format=sarif")
                let run = sarif["runs"]?.items?.first?.members?["invocations"]?.items?.first
                #expect(run?["executionSuccessful"] == .bool(doubt == nil))
                let said = run?["toolExecutionNotifications"]?.items?
                    .map { $0["message"]?["text"]?.text }
                #expect(said == [doubt].compactMap(\.self))
            }
        }
    }

    @Test func probesSayWhyToWhoeverMayKnow() async throws {
        try await Controls.running { controls in
            let sick = ControlHealth(
                isLive: true,
                isStarted: true,
                isReady: false,
                reasons: ["prod: the mesh does not answer"]
            )
            await controls.agent.become(sick)
            let known = try await controls.ask("/readyz")
            #expect(known.status == 503)
            #expect(known.body == "unavailable\n- prod: the mesh does not answer\n")
            let alive = try await controls.ask("/livez")
            #expect(alive.status == 200 && alive.body == "ok\n")
        }
    }

    @Test func theLedgerIsReadInPagesAndAsAWhole() async throws {
        try await Controls.running { controls in
            for _ in 0..<3 { await controls.agent.append(.measured, "git") }
            let page = try await controls.ask("/v1/audit?after=1&limit=2")
            let numbers = page["records"]?.items?.compactMap { $0.members?["seq"]?.integer }
            #expect(numbers == [2, 3])
            let none = try await controls.ask("/v1/audit?commit=ffff&resource=virtualNode/*")
            #expect(none["records"] == [])
            let record = try await controls.ask("/v1/audit/2")
            #expect(record["record"]?.members?["seq"] == 2 && record["after"] == ["weight": 1])
            let bundle = try await controls.received("/v1/audit/export", until: "\r\n0\r\n\r\n")
            #expect(bundle.lowercased().contains("content-type: application/jsonl\r\n"))
            #expect(bundle.split(separator: "\"seq\":").count == 5)
            for _ in 0..<2 {
                let verified = try await controls.ask("/v1/audit:verify", "")
                #expect(verified["intact"] == true)
            }
        }
    }

    /// How long a request may take to come says nothing of how long its answer may.
    @Test func anAnswerHasATimeOfItsOwn() async throws {
        try await Controls.running {
            $0.requestTime = .seconds(2)
        } _: { controls in
            await controls.agent.slowDown(by: .seconds(3))
            let slow = try await controls.ask("/v1/audit:verify", "")
            #expect(slow.status == 200 && slow["intact"] == true)
        }
        try await Controls.running {
            $0.answerTime = .milliseconds(400)
        } _: { controls in
            await controls.agent.holdUp()
            let request = APIRequest("POST", "/v1/audit:verify", as: .viewer)
            let answer = try? await RawConnection.open(controls.port) { connection in
                try await connection.send(request.bytes)
                return try await connection.answer()
            }
            await controls.agent.letGo()
            #expect(answer == nil, "it was given up")
        }
    }

    @Test func oneAtATimeReadsTheLedgerAsAWhole() async throws {
        try await Controls.running { controls in
            await controls.agent.holdUp()
            let request = APIRequest("POST", "/v1/audit:verify", as: .viewer)
            try await RawConnection.open(controls.port) { connection in
                try await connection.send(request.bytes)
                let deadline = ContinuousClock.now + .seconds(60)
                while await controls.agent.examining.isEmpty, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(5))
                }
                let other = try? await controls.send(request)
                await controls.agent.letGo()
                #expect(other?.status == 503 && other?.problemFault == nil)
                let first = try await connection.answer()
                #expect(first?.status == 200)
            }
        }
    }

    @Test func figuresAreInTheFormatOfPrometheus() throws {
        let family = MetricFamily(
            "plumbline_x_total",
            .counter,
            "What\nit \\ is.",
            [
                .init(2, ["b": "1", "a": "\"\\\n"]), .init(.nan, ["a": "x"]), .init(0.25),
                .init(-.infinity, ["a": "y"]), .init(9_007_199_254_740_992),
            ]
        )
        #expect(
            family.text == #"""
                # HELP plumbline_x_total What\nit \\ is.
                # TYPE plumbline_x_total counter
                plumbline_x_total 0.25
                plumbline_x_total 9007199254740992
                plumbline_x_total{a="\"\\\n",b="1"} 2
                plumbline_x_total{a="x"} NaN
                plumbline_x_total{a="y"} -Inf

                """#
        )
    }

    @Test(.enabled(if: Peers.hasPromtool || Peers.isCI, "'promtool' is not here; run .ci/setup"))
    func prometheusTakesTheFigures() async throws {
        try await Controls.running { controls in
            _ = try await controls.ask("/v1/targets")
            let answer = try await controls.ask("/metrics")
            #expect(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
            let counted = #"plumbline_api_requests_total{code="200",operation="targets"} 1"#
            #expect(answer.body.contains(counted))
            let checked = try await run(
                .path(FilePath(Peers.promtool)),
                arguments: ["check", "metrics"],
                input: .string(answer.body),
                output: .string(limit: 1 << 16),
                error: .string(limit: 1 << 16)
            )
            let said = checked.standardOutput + checked.standardError
            #expect(checked.terminationStatus.isSuccess && said.isEmpty, "\(said)")
        }
    }
}

/// Events as they are sent.
@Suite(.timeLimit(.minutes(1))) struct EventStreamTests {
    @Test func aReaderGoesOnWhereItStopped() async throws {
        try await Controls.running { controls in
            await controls.agent.append(.stepped, "git")
            await controls.agent.append(.promoted, "git")
            let request = APIRequest("GET", "/v1/events?after=0", as: .viewer)
                .with("Last-Event-ID", "1")
            let text = try await RawConnection.open(controls.port) { connection in
                try await connection.send(request.bytes)
                let before = try await connection.text(until: "event: promoted")
                await controls.agent.append(.halted, "git")
                return before + (try await connection.text(until: "event: halted"))
            }
            #expect(text.lowercased().contains("content-type: text/event-stream\r\n"))
            #expect(!text.contains("id: 1\n") && text.contains("id: 2\nevent: stepped\ndata: {"))
            #expect(text.contains("id: 4\nevent: halted\n"))
        }
    }

    @Test func aStreamBeatsAndEnds() async throws {
        try await Controls.running {
            $0.beatTime = .milliseconds(20)
            $0.streamTime = .milliseconds(500)
        } _: { controls in
            await controls.agent.append(.stepped, "git")
            // Without a number, only what is to come.
            let text = try await controls.received("/v1/events", until: "\r\n0\r\n\r\n")
            #expect(text.contains("\r\n:\n\n\r\n") && !text.contains("event:"))
        }
    }

    @Test func aStreamEndsWithTheServer() async throws {
        let (opened, open) = AsyncStream.makeStream(of: Void.self)
        let (closed, close) = AsyncStream.makeStream(of: Void.self)
        try await Controls.running { controls in
            Task {
                defer { close.finish() }
                try await RawConnection.open(controls.port) { connection in
                    try await connection.send(APIRequest("GET", "/v1/events", as: .viewer).bytes)
                    _ = try await connection.text(until: "retry:")
                    open.finish()
                    await connection.untilClosed()
                }
            }
            for await _ in opened {}
        }
        for await _ in closed {}
    }

    @Test func readersAreBounded() async throws {
        try await Controls.running {
            $0.mostStreams = 1
        } _: { controls in
            let request = APIRequest("GET", "/v1/events", as: .viewer)
            try await RawConnection.open(controls.port) { connection in
                try await connection.send(request.bytes)
                _ = try await connection.text(until: "retry:")
                let second = try await controls.send(request)
                #expect(second.status == 503 && second.problemFault == nil)
                #expect(second.header("retry-after") != nil)
            }
            // The place is free once the server saw that its reader is gone.
            let deadline = ContinuousClock.now + .seconds(20)
            var isFree = false
            while !isFree, ContinuousClock.now < deadline {
                await controls.agent.append(.stepped, "git")
                isFree = try await controls.received("/v1/events", until: "\r\n\r\n")
                    .hasPrefix("HTTP/1.1 200")
            }
            #expect(isFree)
        }
    }
}
