import MeshModel

/// Draws sound specs: first what the table allows, then repaired to what the prose rules demand.
struct SpecGenerator {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func spec(of kind: Kind) -> SpecValue {
        var spec = value(.shape(Schema.shape(of: kind)))
        switch kind {
        case .route: repairRoute(&spec)
        case .gatewayRoute: repairGatewayRoute(&spec)
        case .virtualNode: repairNode(&spec)
        case .virtualRouter, .virtualGateway: repairListeners(&spec)
        case .mesh, .virtualService: break
        }
        return spec
    }

    private mutating func value(_ type: FieldType) -> SpecValue {
        switch type {
        case .boolean: return .bool(random.chance(50))
        case .number(let range):
            let highest = min(range.upperBound, max(range.lowerBound, 0) + 100_000)
            let lowest = max(range.lowerBound, -100_000)
            return .integer(Int64.random(in: lowest...highest, using: &random))
        case .text(let length, _): return .string(text(length))
        case .reference(_, let length, _): return .string(text(length))
        case .arn: return .string("arn:aws:acm:eu-west-1:123456789012:certificate/\(text(1...8))")
        case .choice(let choices): return .string(choices.randomElement(using: &random) ?? "")
        case .shape(let shape): return object(shape)
        case .list(let element, let count, _):
            let most = min(count?.upperBound ?? 4, 4)
            let number = Int.random(in: (count?.lowerBound ?? 0)...most, using: &random)
            return .list((0..<number).map { _ in value(element) })
        }
    }

    private mutating func object(_ shape: Shape) -> SpecValue {
        if shape.isUnion {
            guard let field = shape.fields.randomElement(using: &random) else { return .empty }
            return .object([field.name: value(field.type)])
        }
        if case .duration = shape.meaning {
            let seconds = random.chance(50)
            let number = Int64.random(in: 0...5000, using: &random)
            return ["value": .integer(number), "unit": seconds ? "s" : "ms"]
        }
        var members: [String: SpecValue] = [:]
        for field in shape.fields where field.isRequired || random.chance(50) {
            members[field.name] = value(field.type)
        }
        return .object(members)
    }

    private mutating func text(_ length: ClosedRange<Int>?) -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz-_0123456789")
        let count = Int.random(in: 1...12, using: &random)
        let drawn = (0..<count).map { _ in letters.randomElement(using: &random) ?? "a" }
        return String(String(drawn).prefix(length?.upperBound ?? count))
    }
}

/// What the table cannot say.
extension SpecGenerator {
    private mutating func keepOne(of names: [String], in value: inout SpecValue) {
        let set = names.filter { value.member($0) != nil }
        guard let kept = set.randomElement(using: &random) else { return }
        for name in set where name != kept { value.set(name, nil) }
    }

    private mutating func repairRoute(_ spec: inout SpecValue) {
        let types = ["httpRoute", "http2Route", "grpcRoute", "tcpRoute"]
        if !types.contains(where: { spec.member($0) != nil }) {
            let action: SpecValue = ["weightedTargets": [["virtualNode": "a", "weight": 1]]]
            spec.set("httpRoute", ["match": ["prefix": "/"], "action": action])
        }
        keepOne(of: types, in: &spec)
        for type in types where spec.member(type) != nil {
            spec.edit(type) { route in
                route.edit("match") { match in
                    repairMatch(&match)
                    if type == "httpRoute" { match.set("scheme", nil) }
                    if match.member("methodName") != nil { match.set("serviceName", "shop.Cart") }
                }
                route.edit("retryPolicy") { $0.set("httpRetryEvents", ["gateway-error"]) }
                route.edit("action") { $0.set("weightedTargets", weightedTargets()) }
            }
        }
    }

    private mutating func weightedTargets() -> SpecValue {
        let count = Int.random(in: 1...5, using: &random)
        var left: Int64 = 100
        let items = (0..<count)
            .map { index -> SpecValue in
                let weight = index == 0 ? 1 : Int64.random(in: 0...left / 2, using: &random)
                left -= weight
                var target: SpecValue = [
                    "virtualNode": .string("node-\(index)"), "weight": .integer(weight),
                ]
                if random.chance(40) { target.set("port", .integer(8080 + Int64(index))) }
                return target
            }
        return .list(items)
    }

    private mutating func repairMatch(_ match: inout SpecValue) {
        if match.member("prefix") != nil { match.set("prefix", "/cart") }
        match.edit("path") { path in
            if path.members?.isEmpty ?? true { path.set("exact", "/cart") }
            keepOne(of: ["exact", "regex"], in: &path)
        }
        match.edit("hostname") { hostname in
            if hostname.members?.isEmpty ?? true { hostname.set("exact", "shop.example") }
            keepOne(of: ["exact", "suffix"], in: &hostname)
        }
        for name in ["headers", "metadata"] {
            match.editItems(name) { header in
                header.edit("match") { method in
                    if method.member("range") != nil {
                        let start = Int64.random(in: 0...9, using: &random)
                        method.set("range", ["start": .integer(start), "end": 10])
                    }
                }
            }
        }
    }

    private mutating func repairGatewayRoute(_ spec: inout SpecValue) {
        let types = ["httpRoute", "http2Route", "grpcRoute"]
        if !types.contains(where: { spec.member($0) != nil }) {
            let target: SpecValue = ["virtualService": ["virtualServiceName": "cart.local"]]
            spec.set("grpcRoute", ["match": ["serviceName": "Cart"], "action": ["target": target]])
        }
        keepOne(of: types, in: &spec)
        for type in types where spec.member(type) != nil {
            spec.edit(type) { route in
                route.edit("match") { match in
                    repairMatch(&match)
                    keepOne(of: ["prefix", "path"], in: &match)
                    if match.member("hostname") == nil, match.member("path") == nil {
                        let isGRPC = type == "grpcRoute"
                        match.set(isGRPC ? "serviceName" : "prefix", isGRPC ? "Cart" : "/cart")
                    }
                }
                route.edit("action") { action in
                    action.edit("rewrite") { rewrite in
                        keepOne(of: ["prefix", "path"], in: &rewrite)
                        rewrite.edit("prefix") { $0 = ["value": "/new/"] }
                    }
                }
            }
        }
    }

    private mutating func repairNode(_ spec: inout SpecValue) {
        repairListeners(&spec)
        spec.set("serviceDiscovery", ["dns": ["hostname": "cart.local"]])
        var number = 0
        spec.editItems("backends") { backend in
            backend.edit("virtualService") { $0.set("virtualServiceName", .string("s\(number)")) }
            number += 1
        }
    }

    private mutating func repairListeners(_ spec: inout SpecValue) {
        var port: Int64 = 8000
        spec.editItems("listeners") { listener in
            port += 1
            listener.edit("portMapping") { $0.set("port", .integer(port)) }
            let name = listener.member("portMapping")?.member("protocol")?.text ?? ""
            listener.edit("healthCheck") { check in
                if check.member("port") != nil { check.set("port", .integer(port)) }
            }
            listener.edit("timeout") { $0 = [name: ["idle": ["unit": "s", "value": 0]]] }
            let isHTTP = name == "http" || name == "tcp"
            let pool: SpecValue = isHTTP ? ["maxConnections": 5] : ["maxRequests": 5]
            listener.edit("connectionPool") { $0 = .object([name: pool]) }
        }
    }
}
