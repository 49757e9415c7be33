import Manifests
import MeshModel

/// Reads the document of a settings file: places, ranges, unknown fields, all findings at once.
///
/// After a finding a default may stand in for what was written, so that the rest is read too;
/// nobody sees it, since a form with an error ends in no settings.
struct SettingsForm {
    /// Targets of one agent; each name is compared with all others where one is misspelt.
    static let mostTargets = 100
    /// Elements of any other list.
    static let mostElements = 100

    var findings = Findings()
    /// What relative paths are relative to.
    let folder: String
    let today: CalendarDay

    init(folder: String, today: CalendarDay) {
        self.folder = folder
        self.today = today
    }

    /// The only document of the file.
    mutating func document(of file: SourceFile) -> SourceNode? {
        var documents: [SourceNode] = []
        do throws(Refusal) {
            for result in try file.documents() {
                switch result {
                case .success(let document): documents += document.isNull ? [] : [document]
                case .failure(let refusal): report(refusal)
                }
            }
        } catch {
            report(error)
        }
        if documents.isEmpty, !findings.hasErrors {
            findings.error(
                "noSettings",
                at: SourcePosition(file: file.path, line: 1, column: 1),
                "the file holds no settings; write git, state and targets"
            )
        } else if let second = documents.dropFirst().first {
            findings.error(
                "tooManyDocuments",
                at: second.position,
                "settings are one document, here begins another; leave it out"
            )
        }
        return documents.first
    }

    private mutating func report(_ refusal: Refusal) {
        findings.error(refusal.code, at: refusal.position, refusal.message)
    }

    mutating func readFile(_ node: SourceNode) -> AgentSettings? {
        guard var file = Members(node, "the file", &findings) else { return nil }
        let git = file.require("git", &findings).flatMap { readGit($0) }
        let state = file.require("state", &findings).flatMap { path($0, "state") }
        let listen = file.take("listen").flatMap { readListen($0) }
        let secrets = file.take("webhooks").flatMap { readWebhooks($0) }
        let bitbucket = file.take("bitbucket").flatMap { readBitbucket($0) }
        let auth = file.take("auth").flatMap { readAuth($0) }
        let targets = file.require("targets", &findings).flatMap { readTargets($0) }
        let floor = file.take("floor").flatMap { readFloor($0) }
        let hosts = file.take("gates").flatMap { readGates($0) }
        let budgets = file.take("budgets").map { readBudgets($0) }
        let cluster = file.take("cluster").flatMap { readCluster($0) }
        let level = file.take("logLevel")
            .flatMap { $0.choice("logLevel", of: LogLevel.self, &findings) }
        file.finish(&findings)
        if listen?.webhooks != nil, node.value(of: "webhooks") == nil {
            findings.warning(
                "noSecret",
                at: node.value(of: "listen")?.value(of: "webhooks")?.position ?? node.position,
                "listen.webhooks has no secret to check signatures with, so every webhook is "
                    + "refused; add webhooks.secretFiles"
            )
        }
        guard let git, let state, let targets else { return nil }
        return AgentSettings(
            git: git,
            state: state,
            listen: listen ?? ListenSettings(webhooks: nil, api: nil),
            webhookSecretFiles: secrets ?? [],
            bitbucket: bitbucket,
            auth: auth ?? .nobody,
            targets: targets,
            floor: floor ?? .none,
            gateHosts: hosts ?? [],
            budgets: budgets ?? CallRates.usual,
            cluster: cluster ?? .usual,
            logLevel: level ?? .info
        )
    }

    // MARK: - Limits

    private mutating func readFloor(_ node: SourceNode) -> FloorSettings? {
        guard var floor = Members(node, "floor", &findings) else { return nil }
        let maxStep = floor.count("maxStep", 1...100, fallback: 0, &findings)
        let protected = floor.take("protected")
            .map { readGlobs($0, "floor.protected", of: nil) }
        let requireGates = floor.take("requireGates")
            .map { readGlobs($0, "floor.requireGates", of: .route) }
        floor.finish(&findings)
        return FloorSettings(
            maxStep: maxStep == 0 ? nil : maxStep,
            protected: protected ?? [],
            requireGates: requireGates ?? []
        )
    }

    private mutating func readGlobs(
        _ node: SourceNode,
        _ title: String,
        of kind: Kind?
    ) -> [Glob] {
        elements(node, title, mayBeEmpty: true) { form, item, title in
            form.glob(item, title, of: kind)?.glob
        }
    }

    private mutating func readGates(_ node: SourceNode) -> [String]? {
        guard var gates = Members(node, "gates", &findings) else { return nil }
        let hosts = gates.take("hosts")
            .map { node in elements(node, "gates.hosts", mayBeEmpty: true) { $0.readHost($1, $2) } }
        gates.finish(&findings)
        return hosts
    }

    private mutating func readHost(_ node: SourceNode, _ title: String) -> String? {
        guard let text = node.text(title, &findings) else { return nil }
        // An IPv6 address may stand without its brackets, since no port follows it.
        if let host = HostName(text) ?? HostName("[\(text)]") { return host.name }
        findings.error(
            "badHost",
            at: node.position,
            "\(title) is \(quoted(text)); write a host alone, such as prometheus.monitoring.svc, "
                + "without scheme, port and '*'"
        )
        return nil
    }

    /// `off`, or calls a second.
    ///
    /// YAML takes a plain `off` for a truth value; here it is the word.
    private mutating func readBudgets(_ node: SourceNode) -> CallRates? {
        if node.tag == nil, node.scalar?.text == "off" { return nil }
        guard node.scalar == nil else {
            findings.error(
                "badValue",
                at: node.position,
                "budgets is \(node.noun); write off, or a map of readsPerSecond and writesPerSecond"
            )
            return nil
        }
        guard var budgets = Members(node, "budgets", &findings) else { return nil }
        let reads = rate(&budgets, "readsPerSecond")
        let writes = rate(&budgets, "writesPerSecond")
        budgets.finish(&findings)
        return CallRates(
            reads: reads ?? CallRates.usual.reads,
            writes: writes ?? CallRates.usual.writes
        )
    }

    private mutating func rate(_ members: inout Members, _ name: String) -> Double? {
        guard let node = members.take(name),
            let rate = node.number("\(members.title).\(name)", &findings)
        else { return nil }
        guard (0.1...10_000).contains(rate) else {
            findings.error(
                "outOfRange",
                at: node.position,
                "\(members.title).\(name) is \(rate); write 0.1 to 10000 calls a second"
            )
            return nil
        }
        return rate
    }
}
