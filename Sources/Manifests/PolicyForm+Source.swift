import MeshModel

/// Where a gate's number comes from: exactly one of `scrape` and `prometheus`.
extension PolicyForm {
    mutating func readSource(_ gate: inout Members) -> Gate.Source? {
        switch (gate.take("scrape"), gate.take("prometheus")) {
        case (.some(let node), .none): return scrape(node, "\(gate.title).scrape")
        case (.none, .some(let node)): return prometheus(node, "\(gate.title).prometheus")
        case (.some, .some(let second)):
            findings.error(
                "unionArity",
                at: second.position,
                "\(gate.title) has scrape and prometheus; keep one of them"
            )
        case (.none, .none):
            findings.error(
                "missingField",
                at: gate.node.position,
                "\(gate.title) has no source; write 'scrape' or 'prometheus'"
            )
        }
        return nil
    }

    private mutating func scrape(_ node: SourceNode, _ title: String) -> Gate.Source? {
        guard var members = Members(node, title, &findings) else { return nil }
        let url = members.requiredText("url", &findings).flatMap { readURL($0, "\(title).url") }
        let good = members.require("good", &findings).flatMap { readSeries($0, "\(title).good") }
        let total = members.require("total", &findings).flatMap { readSeries($0, "\(title).total") }
        members.finish(&findings)
        guard let url, let good, let total else { return nil }
        return .scrape(url: url, good: good, total: total)
    }

    private mutating func prometheus(_ node: SourceNode, _ title: String) -> Gate.Source? {
        guard var members = Members(node, title, &findings) else { return nil }
        let url = members.requiredText("url", &findings).flatMap { readURL($0, "\(title).url") }
        let query = members.requiredText("query", &findings)
        members.finish(&findings)
        guard let url, let query else { return nil }
        return .prometheus(url: url, query: query.value)
    }

    private mutating func readSeries(_ node: SourceNode, _ title: String) -> Gate.Series? {
        guard var members = Members(node, title, &findings) else { return nil }
        let metric = members.requiredText("metric", &findings)
        let labels = members.take("labels")
            .map { LabelSelector.texts($0, "\(title).labels", &findings) }
        members.finish(&findings)
        guard let metric else { return nil }
        return Gate.Series(metric: metric.value, labels: labels ?? [:])
    }

    /// `http://host…` or `https://host…`; a password in it would be in Git and in the ledger.
    private mutating func readURL(_ text: Located<String>, _ title: String) -> String? {
        let schemes = ["http://", "https://"]
        let scheme = schemes.first { text.value.lowercased().hasPrefix($0) }
        let rest = text.value.dropFirst(scheme?.count ?? 0)
        let authority = rest.prefix { !["/", "?", "#"].contains($0) }
        if scheme == nil || authority.isEmpty || rest.contains(where: \.isWhitespace) {
            findings.error(
                "badURL",
                at: text.position,
                "\(title) is no address; write one such as http://127.0.0.1:9901/stats/prometheus"
            )
        } else if authority.contains("@") {
            findings.error(
                "badURL",
                at: text.position,
                "\(title) holds a user name or password; gates send none, leave it out"
            )
        } else {
            return text.value
        }
        return nil
    }
}
