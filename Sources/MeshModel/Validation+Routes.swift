/// Rules of routes and gateway routes that the API states in prose.
extension Validation {
    mutating func checkRoute(_ spec: SpecValue) {
        checkRouteType(spec, of: TrafficProtocol.allCases)
        for traffic in TrafficProtocol.allCases {
            guard let route = spec[traffic.routeMember] else { continue }
            let path = [traffic.routeMember]
            checkTargets(route["action"]?["weightedTargets"]?.items ?? [], at: path)
            checkMatch(route["match"] ?? .empty, at: path + ["match"])
            checkRetries(route["retryPolicy"], at: path + ["retryPolicy"])
            let match = route["match"]
            if traffic == .http, match?["scheme"] != nil {
                report(
                    "schemeOutsideHTTP2",
                    at: path + ["match", "scheme"],
                    "match.scheme works in http2Route only; remove it or write an http2Route"
                )
            }
            if match?["methodName"] != nil, match?["serviceName"] == nil {
                report(
                    "methodWithoutService",
                    at: path + ["match", "methodName"],
                    "match.methodName needs the service it belongs to; write 'serviceName' as well"
                )
            }
        }
    }

    mutating func checkGatewayRoute(_ spec: SpecValue) {
        checkRouteType(spec, of: [.http, .http2, .grpc])
        for traffic in [TrafficProtocol.http, .http2, .grpc] {
            guard let route = spec[traffic.routeMember] else { continue }
            let path = [traffic.routeMember]
            let match = route["match"] ?? .empty
            checkMatch(match, at: path + ["match"])
            checkGatewayMatch(match, of: traffic, at: path + ["match"])
            checkRewrite(route["action"]?["rewrite"], at: path + ["action", "rewrite"])
        }
    }

    private mutating func checkRouteType(_ spec: SpecValue, of types: [TrafficProtocol]) {
        guard spec.members != nil else { return }
        let set = types.map(\.routeMember).filter { spec[$0] != nil }
        if set.isEmpty {
            let choices = types.map(\.routeMember).joined(separator: ", ")
            report("routeType", at: [], "the spec has no route; write one of \(choices)")
        } else if set.count > 1 {
            let names = set.joined(separator: " and ")
            report("routeType", at: [], "the spec has \(names); a route has one of them")
        }
    }

    /// Sums are judged as written, before anything is reduced to ratios.
    private mutating func checkTargets(_ items: [SpecValue], at route: [String]) {
        let path = route + ["action", "weightedTargets"]
        let targets = items.compactMap(WeightedTarget.init(value:))
        guard !targets.isEmpty, targets.count == items.count else { return }
        var seen: Set<TrafficTarget> = []
        for (index, target) in targets.map(\.target).enumerated()
        where !seen.insert(target).inserted {
            let port = target.port.map { " at port \($0)" } ?? ""
            report(
                "duplicateTarget",
                at: path + [String(index)],
                "weightedTargets names '\(PlainText.excerpt(target.node))'\(port) twice; "
                    + "write it once, with the sum of the weights"
            )
        }
        let weights = targets.map(\.weight)
        guard weights.allSatisfy({ (0...100).contains($0) }) else { return }
        let sum = weights.reduce(0, +)
        if !(1...100).contains(sum) {
            report(
                "weightSum",
                at: path,
                "weights of weightedTargets sum to \(sum); write weights with a sum of 1 to 100"
            )
        }
    }

    private mutating func checkMatch(_ match: SpecValue, at path: [String]) {
        checkSlash(match["prefix"], "match.prefix", at: path + ["prefix"])
        checkAlternatives(match["path"], "exact", "regex", needsOne: true, at: path + ["path"])
        for member in ["headers", "metadata"] {
            for (index, header) in (match[member]?.items ?? []).enumerated() {
                let range = header["match"]?["range"]
                guard let start = range?["start"]?.integer, let end = range?["end"]?.integer,
                    end <= start
                else { continue }
                report(
                    "emptyRange",
                    at: path + [member, String(index), "match", "range"],
                    "range from \(start) to \(end) in \(member)[\(index)] holds no number; "
                        + "write an 'end' above 'start'"
                )
            }
        }
    }

    private mutating func checkGatewayMatch(
        _ match: SpecValue,
        of traffic: TrafficProtocol,
        at path: [String]
    ) {
        let hostname = match["hostname"]
        checkAlternatives(hostname, "exact", "suffix", needsOne: true, at: path + ["hostname"])
        checkAlternatives(match, "prefix", "path", needsOne: false, at: path)
        checkReserved(RouteMatch(match), at: path)
        let isGRPC = traffic == .grpc
        let needed = isGRPC ? ["serviceName", "hostname"] : ["prefix", "path", "hostname"]
        if !needed.contains(where: { match[$0] != nil }) {
            let choices = needed.joined(separator: ", ")
            let message = "match takes nothing; write one of \(choices)"
            report("matchesNothing", at: path, message)
        }
    }

    private mutating func checkRetries(_ policy: SpecValue?, at path: [String]) {
        guard let members = policy?.members else { return }
        let events = ["httpRetryEvents", "tcpRetryEvents", "grpcRetryEvents"]
        if !events.contains(where: { members[$0] != nil }) {
            report(
                "noRetryEvents",
                at: path,
                "retryPolicy lacks the events to retry on; write httpRetryEvents or tcpRetryEvents"
            )
        }
        let known = ["server-error", "gateway-error", "client-error", "stream-error"]
        for (index, item) in (members["httpRetryEvents"]?.items ?? []).enumerated() {
            guard let event = item.text, !known.contains(event) else { continue }
            let close = Suggestion.closest(to: event, among: known).map { "did you mean '\($0)'?" }
            report(
                "badValue",
                at: path + ["httpRetryEvents", String(index)],
                "httpRetryEvents[\(index)] is \(item.sketch); "
                    + (close ?? "write one of \(known.joined(separator: ", "))")
            )
        }
    }

    private mutating func checkRewrite(_ rewrite: SpecValue?, at path: [String]) {
        guard let rewrite else { return }
        checkAlternatives(rewrite, "prefix", "path", needsOne: false, at: path)
        let prefix = rewrite["prefix"]
        let below = path + ["prefix"]
        checkAlternatives(prefix, "defaultPrefix", "value", needsOne: true, at: below)
        if let value = prefix?["value"]?.text, !(value.hasPrefix("/") && value.hasSuffix("/")) {
            report(
                "badRewrite",
                at: below + ["value"],
                "prefix.value is '\(PlainText.excerpt(value))'; write it with '/' at both ends"
            )
        }
    }

    /// Paths and services that App Mesh keeps for itself at a gateway.
    private mutating func checkReserved(_ match: RouteMatch, at path: [String]) {
        let paths = [("prefix", match.prefix), ("path", match.exactPath)]
        for (member, text) in paths {
            guard let text else { continue }
            let reserved = ["/aws-appmesh", "/aws-app-mesh"].first { text.hasPrefix($0) }
            guard let reserved else { continue }
            report(
                "reservedName",
                at: path + [member],
                "App Mesh keeps paths that begin with '\(reserved)' for itself; write another one"
            )
        }
        let service = match.serviceName ?? ""
        let isReserved = ["/aws.app-mesh", "aws.app-mesh", "aws.appmesh"]
            .contains {
                service.hasPrefix($0)
            }
        if isReserved {
            report(
                "reservedName",
                at: path + ["serviceName"],
                "App Mesh keeps the service '\(PlainText.excerpt(service))' for itself; "
                    + "write another one"
            )
        }
    }

    private mutating func checkSlash(_ value: SpecValue?, _ name: String, at path: [String]) {
        guard let text = value?.text, !text.hasPrefix("/") else { return }
        report(
            "badPrefix",
            at: path,
            "\(name) is '\(PlainText.excerpt(text))'; write it with '/' in front"
        )
    }

    /// Two members of a structure that exclude each other.
    private mutating func checkAlternatives(
        _ value: SpecValue?,
        _ first: String,
        _ second: String,
        needsOne: Bool,
        at path: [String]
    ) {
        guard let members = value?.members else { return }
        if members[first] != nil, members[second] != nil {
            report(
                "alternatives",
                at: path,
                "\(container(path)) has \(first) and \(second); keep one of them"
            )
        } else if members[first] == nil, members[second] == nil, needsOne {
            report(
                "alternatives",
                at: path,
                "\(container(path)) is empty; write \(first) or \(second)"
            )
        }
    }
}
