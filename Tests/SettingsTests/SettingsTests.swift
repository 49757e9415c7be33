import Foundation
import MeshModel
import Planning
import Settings
import Testing

/// The day on which the tests read.
let today = CalendarDay(secondsSince1970: 1_795_219_200)  // 2026-11-21

/// Reads settings that stand in a folder `conf`.
func read(
    _ text: String,
    file: String = "conf/agent.yaml",
    environment: [String: String] = [:]
) -> (settings: AgentSettings?, diagnostics: [Diagnostic]) {
    AgentSettings.read(Array(text.utf8), file: file, environment: environment, today: today)
}

/// The least that is settings, and what a test adds to it.
func settings(
    _ more: String = "",
    git: String = "{ url: . }",
    target: String = ""
) -> String {
    """
    git: \(git)
    state: state
    targets:
      - { name: t, path: ., mesh: shop, region: eu-west-1, account: "111122223333"\(target) }
    \(more)
    """
}

/// A file of the folder `Fixtures`.
func fixture(_ name: String) throws -> (text: String, url: URL) {
    let url = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/\(name)")
    return (try String(contentsOf: url, encoding: .utf8), url)
}

/// What the reader says about each file of `Fixtures`, line by line.
///
/// `UPDATE_GOLDEN=1` writes the answers anew; read the difference before it is committed.
struct DiagnosticTests {
    @Test(arguments: ["complete", "fields", "values", "promotion", "warnings", "documents"])
    func golden(name: String) throws {
        let source = try fixture("\(name).yaml")
        let (settings, diagnostics) = read(source.text, file: "\(name).yaml")
        let lines = diagnostics.map { "\($0) [\($0.code)]" }
        let text =
            (lines + [settings == nil ? "no settings" : "settings"])
            .joined(separator: "\n") + "\n"
        let golden = source.url.deletingPathExtension().appendingPathExtension("txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: golden)
        }
        let expected = try String(contentsOf: golden, encoding: .utf8)
        #expect(text == expected)
        #expect(!text.contains("sesame"), "a secret is in a message")
    }

    @Test(arguments: [
        ("https://user:open-sesame@git.example.com/mesh.git", "carries a password"),
        ("ssh://git:open-sesame@git.example.com/mesh.git", "carries a password"),
        ("https://git.example.com/mesh.git?token=open-sesame", "has a '?' or '#'"),
        ("git@git.example.com:acme/mesh.git", "write ssh://git@HOST/PATH"),
        ("https:///mesh.git", "names no host"), ("https://host:99999/mesh.git", "names no host"),
        ("file://mesh.git", "needs an absolute path"), ("svn://host/mesh", "has a transport"),
        ("my mesh.git", "holds blanks"), ("~/mesh.git", "write the whole path"),
    ])
    func repositoriesThatAreRefused(url: String, words: String) {
        let (settings, diagnostics) = read(settings(git: "{ url: '\(url)' }"))
        #expect(settings == nil)
        #expect(diagnostics.map(\.code) == ["badURL"])
        #expect(diagnostics.first?.message.contains(words) ?? false, "\(diagnostics)")
        #expect(diagnostics.first?.message.contains("sesame") == false)
        #expect(diagnostics.first?.position?.line == 1)
    }

    @Test(arguments: [
        ("https://bitbucket.org/acme/mesh.git", "https://bitbucket.org/acme/mesh.git"),
        ("https://x-token-auth@bitbucket.org/a/b", "https://x-token-auth@bitbucket.org/a/b"),
        ("http://[::1]:8080/mesh.git", "http://[::1]:8080/mesh.git"),
        ("file:///srv/mesh.git", "file:///srv/mesh.git"), ("/srv/mesh.git", "/srv/mesh.git"),
        ("mesh.git", "conf/mesh.git"), ("./mesh.git", "conf/mesh.git"),
        ("../mesh.git", "conf/../mesh.git"), (".", "conf/"), ("./a:b", "conf/a:b"),
    ])
    func repositoriesThatAreTaken(url: String, result: String) {
        let reading = read(settings(git: "{ url: '\(url)' }"))
        #expect(reading.settings?.git.url == result, "\(reading.diagnostics)")
    }

    @Test(arguments: [
        ("", "noSettings"), ("# nothing\n", "noSettings"), ("---\n~\n", "noSettings"),
        ("- a\n", "wrongType"), ("git: [\n", "badYAML"), ("a: 1\na: 2\n", "duplicateKey"),
        ("!Ref x\n", "wrongType"),
    ])
    func filesThatAreNoSettings(text: String, code: String) {
        let reading = read(text)
        #expect(reading.settings == nil)
        #expect(reading.diagnostics.map(\.code) == [code])
    }

    @Test func jsonIsReadAsJSON() {
        let text = #"""
            {"git": {"url": "."}, "state": "s", "targets": [
              {"name": "t", "path": ".", "mesh": "m", "region": "eu-west-1",
               "account": "111122223333", "prune": {"enabled": true}}]}
            """#
        #expect(read(text, file: "a.json").settings?.targets.first?.prune.isEnabled == true)
        let reading = read("git: { url: . }\n", file: "a.json")
        #expect(reading.diagnostics.map(\.code) == ["badJSON"])
    }
}

/// What sound settings say.
struct SettingsTests {
    @Test func theCompleteFileSaysWhatStandsThere() throws {
        let reading = read(try fixture("complete.yaml").text)
        #expect(reading.diagnostics == [])
        let settings = try #require(reading.settings)
        #expect(settings.git.branch == "main")
        #expect(settings.git.interval == .seconds(60))
        #expect(settings.git.timeout == .seconds(30))
        #expect(settings.git.credentials?.username == "x-token-auth")
        #expect(settings.git.credentials?.passwordFile == "/etc/plumbline/git-token")
        #expect(settings.state == "/var/lib/plumbline")
        #expect(settings.listen.webhooks?.description == "0.0.0.0:8080")
        #expect(settings.listen.api?.host == "::")
        #expect(settings.listen.api?.description == "[::]:8081")
        #expect(
            settings.webhookSecretFiles == [
                "/etc/plumbline/webhook-secret", "conf/previous/webhook-secret",
            ]
        )
        #expect(settings.bitbucket?.flavor == .cloud)
        #expect(settings.bitbucket?.url == "https://api.bitbucket.org/2.0")
        #expect(settings.bitbucket?.repository == "acme/mesh")
        #expect(settings.bitbucket?.tokenFile == "conf/bitbucket-token")
        #expect(settings.gateHosts == ["prometheus.monitoring.svc"])
        #expect(settings.budgets?.reads == 20)
        #expect(settings.budgets?.writes == 2.5)
        #expect(settings.cluster.lease == "plumbline-blue")
        #expect(settings.logLevel == .debug)
        let token = try #require(settings.auth.tokens.first)
        #expect(token.role == .viewer)
        #expect(token.sha256 == Digest(of: Array("test".utf8)))
        #expect(token.expires == CalendarDay("2027-01-31"))
        let issuer = try #require(settings.auth.issuers.first)
        #expect(issuer.issuer.hasSuffix("/acme/pipelines-config/identity/oidc"))
        #expect(issuer.audience == "https://plumbline.example.com")
        #expect(issuer.rules.map(\.role) == [.planner])
        #expect(
            issuer.rules.first?.claims
                == ["repositoryUuid": "{742523da-0000-4000-8000-000000000000}"]
        )
        #expect(issuer.caFile == nil && issuer.tokenFile == nil)
        let cluster = try #require(settings.auth.issuers.last)
        #expect(cluster.caFile == "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
        #expect(cluster.tokenFile == "conf/cluster/token")
    }

    @Test func theCompleteFileHasItsTargets() throws {
        let settings = try #require(read(try fixture("complete.yaml").text).settings)
        let staging = try settings.target(named: "staging")
        #expect(staging.path == "manifests/shop")
        #expect(staging.mesh == "shop-staging")
        #expect(staging.account == "111122223333")
        #expect(staging.variables == ["ENV": "staging", "PORT": "8080"])
        #expect(staging.onCommit == .apply)
        #expect(staging.onDrift == .correct)
        #expect(staging.dependsOn == nil)
        #expect(!staging.prune.isEnabled)
        let prod = try settings.target(named: "prod")
        #expect(prod.path == "manifests/shop")
        #expect(prod.account == "444455556666")
        #expect(prod.endpoint == "https://mesh.internal.example.com")
        #expect(prod.role == "arn:aws:iam::444455556666:role/plumbline")
        #expect(prod.onDrift == .report)
        #expect(prod.dependsOn?.target == "staging")
        #expect(prod.dependsOn?.soak == .seconds(600))
        #expect(prod.prune.isEnabled)
        #expect(prod.ignore.map(\.owner) == ["observability"])
        #expect(
            settings.guardrails(for: prod, on: today)
                == Guardrails(
                    maxDeletes: 7,
                    maxDeletePercent: 30,
                    protected: [Glob("virtualGateway/*")],
                    maxStep: 50,
                    requireGates: [Glob("virtualRouter/pay-*/route/*")],
                    ignore: [IgnoreRule(resource: Glob("virtualNode/*"), field: "logging")]
                )
        )
    }

    @Test func whatIsLeftOutHasItsDefault() throws {
        let reading = read(settings(), file: "agent.yaml")
        #expect(reading.diagnostics == [])
        let settings = try #require(reading.settings)
        #expect(settings.git.url == ".")
        #expect(settings.git.branch == "main")
        #expect(settings.git.interval == .seconds(60))
        #expect(settings.git.timeout == .seconds(30))
        #expect(settings.git.credentials == nil)
        #expect(settings.state == "state")
        #expect(settings.listen.webhooks == nil)
        #expect(settings.listen.api == nil)
        #expect(settings.webhookSecretFiles == [])
        #expect(settings.bitbucket == nil)
        #expect(settings.auth.tokens == [])
        #expect(settings.auth.issuers == [])
        #expect(settings.gateHosts == [])
        #expect(settings.budgets?.reads == 40)
        #expect(settings.budgets?.writes == 8)
        #expect(settings.cluster.lease == "plumbline")
        #expect(settings.logLevel == .info)
        let target = try settings.target(named: nil)
        #expect(target.path == "")
        #expect(target.variables == [:])
        #expect(target.onCommit == .apply)
        #expect(target.onDrift == .report)
        #expect(settings.guardrails(for: target, on: today) == Guardrails())
    }

    @Test func budgetsCanBeOff() throws {
        for word in ["off", "'off'"] {
            let settings = try #require(read(settings("budgets: \(word)")).settings)
            #expect(settings.budgets == nil)
        }
        for word in ["false", "on", "[]"] {
            let reading = read(settings("budgets: \(word)"))
            #expect(reading.settings == nil, "budgets: \(word)")
        }
    }

    @Test func theLeaseCanHaveAnotherNameOrNone() throws {
        #expect(read(settings("cluster: {}")).settings?.cluster.lease == "plumbline")
        #expect(read(settings("cluster: { lease: blue-2 }")).settings?.cluster.lease == "blue-2")
        let off = try #require(read(settings("cluster: { lease: off }")).settings)
        #expect(off.cluster.lease == nil)
        for name in ["Blue", "-a", "a.b", "a/../b", "''", "[]"] {
            #expect(read(settings("cluster: { lease: \(name) }")).settings == nil, "\(name)")
        }
    }

    @Test func aRuleHoldsThroughItsLastDay() throws {
        let rule = ", ignore: [{ resource: 'mesh/*', field: egressFilter.type, "
        let text = settings(target: rule + "until: 2026-11-21, owner: us }]")
        let reading = read(text)
        #expect(reading.diagnostics == [])
        let settings = try #require(reading.settings)
        let target = try settings.target(named: nil)
        let tomorrow = try #require(CalendarDay("2026-11-22"))
        #expect(settings.guardrails(for: target, on: today).ignore.count == 1)
        #expect(settings.guardrails(for: target, on: tomorrow).ignore == [])
    }

    @Test func targetsAreChosenByName() throws {
        let settings = try #require(read(try fixture("complete.yaml").text).settings)
        #expect(throws: TargetChoiceError.self) { try settings.target(named: nil) }
        let unnamed = #expect(throws: TargetChoiceError.self) { try settings.target(named: nil) }
        #expect(
            unnamed?.description
                == "The settings have the targets 'staging' and 'prod'; name one with --target"
        )
        let wrong = #expect(throws: TargetChoiceError.self) { try settings.target(named: "prd") }
        #expect(
            wrong?.description == "The settings have no target 'prd'; did you mean 'prod'?"
        )
    }
}

/// Variables of the environment in place of what stands in the file.
struct EnvironmentTests {
    @Test func variablesHideWhatStandsInTheFile() throws {
        let environment = [
            "PLUMBLINE_GIT_URL": "../other.git",
            "PLUMBLINE_GIT_PASSWORD_FILE": "/run/secrets/git",
            "PLUMBLINE_LISTEN_WEBHOOKS": "127.0.0.1:0",
            "PLUMBLINE_LISTEN_API": "127.0.0.1:0",
            "PLUMBLINE_WEBHOOKS_SECRET_FILES": "/run/a:b",
            "PLUMBLINE_BITBUCKET_URL": "http://127.0.0.1:7990/rest",
            "PLUMBLINE_BITBUCKET_TOKEN_FILE": "/run/secrets/bitbucket",
            "PLUMBLINE_LOG_LEVEL": "trace",
        ]
        let reading = read(try fixture("complete.yaml").text, environment: environment)
        #expect(reading.diagnostics == [])
        let settings = try #require(reading.settings)
        #expect(settings.git.url == "conf/../other.git")
        #expect(settings.git.credentials?.passwordFile == "/run/secrets/git")
        #expect(settings.git.credentials?.username == "x-token-auth")
        #expect(settings.listen.webhooks?.description == "127.0.0.1:0")
        #expect(settings.listen.api?.description == "127.0.0.1:0")
        #expect(settings.webhookSecretFiles == ["/run/a", "conf/b"])
        #expect(settings.bitbucket?.url == "http://127.0.0.1:7990/rest")
        #expect(settings.bitbucket?.tokenFile == "/run/secrets/bitbucket")
        #expect(settings.logLevel == .trace)
    }

    @Test func variablesGiveWhatTheFileLacks() throws {
        let text = settings(git: "{}")
        let environment = ["PLUMBLINE_GIT_URL": "/srv/mesh", "PLUMBLINE_LISTEN_API": "[::1]:80"]
        let settings = try #require(read(text, environment: environment).settings)
        #expect(settings.git.url == "/srv/mesh")
        #expect(settings.listen.api?.port == 80)
    }

    @Test func emptyVariablesAndOtherNamesSetNothing() throws {
        let reading = read(
            settings(),
            environment: [
                "PLUMBLINE_GIT_URL": "", "PLUMBLINE_PORT": "tcp://10.0.0.1:80",
                "PLUMBLINE_SERVICE_HOST": "10.0.0.1", "GIT_URL": "x", "PLUMBLINE_": "x",
            ]
        )
        #expect(reading.diagnostics == [])
        #expect(reading.settings?.git.url == "conf/")
    }

    @Test func findingsNameTheVariable() {
        let (settings, diagnostics) = read(
            settings(),
            environment: [
                "PLUMBLINE_GIT_URL": "https://a:sesame@host/mesh",
                "PLUMBLINE_GIT_PASSWORD_FILE": "token", "PLUMBLINE_LOG_LEVEL": "inof",
                "PLUMBLINE_LOGLEVEL": "info",
            ]
        )
        #expect(settings == nil)
        #expect(
            diagnostics.map(\.description) == [
                "error: environment variable PLUMBLINE_GIT_URL: git.url carries a password; "
                    + "put it into a file and name that in git.credentials.passwordFile",
                "error: environment variable PLUMBLINE_LOG_LEVEL: logLevel is 'inof'; "
                    + "did you mean 'info'?",
                "error: environment variable PLUMBLINE_GIT_PASSWORD_FILE: git.credentials lacks "
                    + "'username', which is required",
                "warning: environment variable 'PLUMBLINE_LOGLEVEL' sets nothing; "
                    + "did you mean 'PLUMBLINE_LOG_LEVEL'?",
            ]
        )
    }
}

/// Days without a calendar of the machine.
struct CalendarDayTests {
    @Test func daysOfMoments() throws {
        #expect(CalendarDay(secondsSince1970: 0).description == "1970-01-01")
        #expect(CalendarDay(secondsSince1970: -1).description == "1969-12-31")
        #expect(CalendarDay(secondsSince1970: 951_782_400).description == "2000-02-29")
        #expect(CalendarDay(secondsSince1970: 951_868_799).description == "2000-02-29")
        #expect(CalendarDay(secondsSince1970: 951_868_800).description == "2000-03-01")
        #expect(CalendarDay(secondsSince1970: 4_107_542_400).description == "2100-03-01")
        #expect(CalendarDay(secondsSince1970: .max).description == "9999-12-31")
        #expect(CalendarDay(secondsSince1970: .min).description == "0001-01-01")
    }

    /// Every day of eight centuries follows the one before it, and reads back.
    @Test func everyDayIsTheNextOne() throws {
        var last = CalendarDay(secondsSince1970: -11_676_096_000)
        #expect(last.description == "1600-01-01")
        for number in 1..<292_194 {
            let seconds = -11_676_096_000 + Int64(number) * 86_400
            let day = CalendarDay(secondsSince1970: seconds)
            let isNext =
                day.day == last.day + 1 && day.month == last.month
                || day.day == 1 && day.month == last.month + 1
                || day.day == 1 && day.month == 1 && day.year == last.year + 1
            guard isNext, last < day, number % 97 != 0 || CalendarDay(day.description) == day else {
                Issue.record("\(last) is followed by \(day)")
                return
            }
            last = day
        }
        #expect(last.description == "2399-12-31")
    }

    @Test(arguments: [
        "", "2027", "2027-1-31", "2027-02-29", "2027-13-01", "2027-00-01", "2027-04-31",
        "2027-01-00", "0000-01-01", "2027-01-31T00:00:00Z", "+027-01-01", "２０２７-01-01",
        "2027-01-3１", "1900-02-29",
    ])
    func textsThatAreNoDay(text: String) {
        #expect(CalendarDay(text) == nil)
    }
}
