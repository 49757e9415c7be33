import AWSClient
import HTTPTypes
import Hummingbird
import MeshModel

/// Where a request goes: a path and a query, still as they were written.
struct RequestTarget {
    let path: [Substring]
    let query: Substring?

    init(_ text: String) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
        query = parts.count > 1 ? parts[1] : nil
    }
}

/// What a request says, checked against the parameters of its route.
///
/// What the route does not know is refused: a misspelt condition must not become no condition.
struct ControlArguments {
    private let route: ControlRoute
    private var texts: [ControlParameter.Name: String] = [:]
    private var flags: [ControlParameter.Name: Bool] = [:]

    /// Takes all but the body.
    init(
        _ route: ControlRoute,
        captured: String,
        query: Substring?,
        headers: HTTPFields
    ) throws(ControlProblem) {
        self.route = route
        for parameter in route.parameters {
            switch parameter.place {
            case .query, .body: break
            case .path:
                // A name that cannot be is one that nobody has.
                guard let name = URIEncoding.text(of: captured), parameter.fault(in: name) == nil
                else { throw .nothing(named: parameter.name) }
                texts[parameter.name] = name
            case .header:
                let given =
                    HTTPField.Name(parameter.name.rawValue).map { headers[values: $0] } ?? []
                for value in given { try set(value, of: parameter) }
            }
        }
        for pair in (query ?? "").split(separator: "&") { try take(pair: pair) }
    }

    /// Takes the body, which is one object; none is an empty one.
    mutating func take(body: [UInt8]) throws(ControlProblem) {
        let members: [String: SpecValue]?
        do throws(JSONError) {
            members = body.isEmpty ? [:] : try SpecValue(json: body).members
        } catch {
            let place = "at byte \(error.offset)"
            throw ControlProblem(400, "the body is no JSON \(place)", pointer: "#")
        }
        guard let members else {
            throw ControlProblem(400, "the body is no JSON object", pointer: "#")
        }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let parameter = route.parameters.first { parameter in
                parameter.place == .body && parameter.name.rawValue == name
            }
            guard let parameter else {
                let known = Self.names(of: route, in: .body)
                throw ControlProblem(
                    400,
                    "a member is not known here; known: \(known)",
                    pointer: "#"
                )
            }
            let pointer = "#/" + parameter.name.rawValue
            if let wanted = parameter.fault(in: value) {
                throw ControlProblem(400, "this is not \(wanted)", pointer: pointer)
            }
            texts[parameter.name] = value.text
            flags[parameter.name] = value.flag
        }
        for parameter in route.parameters where parameter.place == .body && parameter.isRequired {
            guard texts[parameter.name] != nil else {
                let pointer = "#/" + parameter.name.rawValue
                throw ControlProblem(400, "this member is missing", pointer: pointer)
            }
        }
        guard route.choice.isEmpty || route.choice.count(where: { texts[$0] != nil }) == 1 else {
            let names = route.choice.map(\.rawValue).joined(separator: ", ")
            throw ControlProblem(400, "there must be one member of \(names)", pointer: "#")
        }
    }

    subscript(name: ControlParameter.Name) -> String? { texts[name] }

    func integer(_ name: ControlParameter.Name) -> Int64? { texts[name].flatMap { Int64($0) } }

    func time(_ name: ControlParameter.Name) -> Int64? {
        texts[name].flatMap(EventDate.milliseconds)
    }

    func words(_ name: ControlParameter.Name) -> Set<String> {
        Set((texts[name] ?? "").split(separator: ",").map(String.init))
    }

    func flag(_ name: ControlParameter.Name) -> Bool { flags[name] ?? false }

    private mutating func take(pair: Substring) throws(ControlProblem) {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let decoded = parts.map { part in
            URIEncoding.text(of: String(part.map { $0 == "+" ? " " : $0 }))
        }
        guard let name = decoded.first ?? nil, let value = decoded.count > 1 ? decoded[1] : ""
        else { throw ControlProblem(400, "the query has escapes that are none") }
        let parameter = route.parameters.first { parameter in
            parameter.place == .query && parameter.name.rawValue == name
        }
        guard let parameter else {
            let known = Self.names(of: route, in: .query)
            throw ControlProblem(
                400,
                "the query has a parameter that is not known here; known: \(known)"
            )
        }
        try set(value, of: parameter)
    }

    private mutating func set(
        _ value: String,
        of parameter: ControlParameter
    ) throws(ControlProblem) {
        if let wanted = parameter.fault(in: value) {
            throw ControlProblem(400, "'\(parameter.name.rawValue)' is not \(wanted)")
        }
        guard texts.updateValue(value, forKey: parameter.name) == nil else {
            throw ControlProblem(400, "'\(parameter.name.rawValue)' comes twice")
        }
    }

    private static func names(
        of route: ControlRoute,
        in place: ControlParameter.Place
    ) -> String {
        let names = route.parameters.filter { $0.place == place }.map(\.name.rawValue)
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }
}

/// What an `Accept` header takes (RFC 9110, 12.5.1).
struct AcceptedTypes {
    private var ranges: [(range: String, quality: Double)] = []

    /// Without a header, everything is fine.
    init(_ headers: [String]) {
        for part in headers.flatMap({ $0.split(separator: ",") }) {
            let pieces = part.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard let range = pieces.first else { continue }
            let weight = pieces.dropFirst().first { $0.hasPrefix("q=") }
            ranges.append((range, weight.flatMap { Double($0.dropFirst(2)) } ?? 1))
        }
    }

    /// The type that is taken most gladly, the first of equals; nothing where none is taken.
    func best(of types: [MediaType]) -> MediaType? {
        var best: (type: MediaType, quality: Double)?
        for type in types {
            let quality = quality(of: type.essence)
            if quality > best?.quality ?? 0 { best = (type, quality) }
        }
        return best?.type
    }

    private func quality(of type: String) -> Double {
        guard !ranges.isEmpty else { return 1 }
        let family = String(type.prefix { $0 != "/" }) + "/*"
        for range in [type, family, "*/*"] {
            if let match = ranges.first(where: { $0.range == range }) { return match.quality }
        }
        return 0
    }
}
