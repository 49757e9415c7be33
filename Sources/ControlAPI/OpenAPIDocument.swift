import MeshModel

/// The API as OpenAPI 3.1 describes it, written from the table that requests are served by.
struct OpenAPIDocument {
    private let routes: [ControlRoute]

    init(_ routes: [ControlRoute]) { self.routes = routes }

    var json: SpecValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Plumbline", "version": "1",
                "description": "What the agent knows, and what it may be told to do.",
            ],
            "paths": paths,
            "components": [
                "schemas": ["problem": AnswerSchema.problem],
                "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer"]],
            ],
        ]
    }

    private var paths: SpecValue {
        var paths: [String: [String: SpecValue]] = [:]
        for route in routes {
            paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route)
        }
        return .object(paths.mapValues { .object($0) })
    }

    private func operation(_ route: ControlRoute) -> SpecValue {
        var members: [String: SpecValue] = [
            "operationId": .string(route.operation.rawValue),
            "summary": .string(route.summary),
            "responses": responses(route),
            // A probe may be asked without a token.
            "security": route.role == nil ? [.empty, ["bearer": []]] : [["bearer": []]],
        ]
        if let role = route.role {
            members["description"] = .string("Needs the role \(role.rawValue), or one above it.")
        }
        let parameters = route.parameters.filter { $0.place != .body }
        if !parameters.isEmpty { members["parameters"] = .list(parameters.map(parameter)) }
        if route.takesBody { members["requestBody"] = body(route) }
        return .object(members)
    }

    private func parameter(_ parameter: ControlParameter) -> SpecValue {
        var members: [String: SpecValue] = [
            "name": .string(parameter.name.rawValue), "in": .string(parameter.place.rawValue),
            "required": .bool(parameter.isRequired), "description": .string(parameter.summary),
            "schema": parameter.schema,
        ]
        if case .words = parameter.form { members["explode"] = false }
        return .object(members)
    }

    private func body(_ route: ControlRoute) -> SpecValue {
        let parameters = route.parameters.filter { $0.place == .body }
        let members = parameters.map { parameter in
            let description: [String: SpecValue] = ["description": .string(parameter.summary)]
            let schema = parameter.schema.members ?? [:]
            return (
                parameter.name.rawValue,
                SpecValue.object(schema.merging(description) { first, _ in first })
            )
        }
        let required = parameters.filter(\.isRequired).map { SpecValue.string($0.name.rawValue) }
        var schema: [String: SpecValue] = [
            "type": "object", "additionalProperties": false,
            "properties": .object(Dictionary(members) { first, _ in first }),
        ]
        if !required.isEmpty { schema["required"] = .list(required) }
        if !route.choice.isEmpty {
            schema["oneOf"] = .list(
                route.choice.map { ["required": [.string($0.rawValue)]] }
            )
        }
        return [
            "required": .bool(route.needsBody),
            "content": ["application/json": ["schema": .object(schema)]],
        ]
    }

    private func responses(_ route: ControlRoute) -> SpecValue {
        var responses: [String: SpecValue] = [:]
        for status in route.refusals { responses[String(status)] = Self.refusal(status) }
        responses[String(route.status)] = success(route)
        if route.role == nil { responses["503"] = success(route) }
        return .object(responses)
    }

    private func success(_ route: ControlRoute) -> SpecValue {
        let contents = route.types.map { type in
            let schema =
                switch type {
                case .json: route.schema
                case .events: AnswerSchema.event
                case .sarif, .problem: AnswerSchema.object
                default: SpecValue.object(["type": "string"])
                }
            return (type.essence, SpecValue.object(["schema": schema]))
        }
        return [
            "description": .string(route.role == nil ? "A word." : "What was asked for."),
            "content": .object(Dictionary(contents) { first, _ in first }),
        ]
    }

    private static func refusal(_ status: Int) -> SpecValue {
        let description =
            switch status {
            case 400: "Something of the request is not as described here."
            case 401: "There is no token, or none that is known and has not expired."
            case 403: "The token's role may not do this."
            case 404: "There is no such target, rollout, plan or revision."
            case 406: "The Accept header takes none of the forms that there are."
            case 409: "It cannot be as things stand."
            case 413: "The body is too large."
            case 415: "The body is not JSON."
            case 429: "Too many requests came from this address."
            default: "It is not to be had now."
            }
        var members: [String: SpecValue] = [
            "description": .string(description),
            "content": [
                "application/problem+json": ["schema": ["$ref": "#/components/schemas/problem"]]
            ],
        ]
        let integer: SpecValue = ["type": "integer", "minimum": 1]
        switch status {
        case 401: members["headers"] = header("WWW-Authenticate", ["type": "string"])
        case 429, 503: members["headers"] = header("Retry-After", integer)
        default: break
        }
        return .object(members)
    }

    private static func header(_ name: String, _ schema: SpecValue) -> SpecValue {
        .object([name: ["required": true, "schema": schema]])
    }
}
