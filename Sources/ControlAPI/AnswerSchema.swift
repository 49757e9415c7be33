import MeshModel

/// Schemas of answers: what must be there, and of what type; more may be.
enum AnswerSchema {
    static let object: SpecValue = ["type": "object"]

    static let target: SpecValue = [
        "type": "object",
        "required": ["name", "sync", "health", "rollout", "paused", "approval"],
        "properties": [
            "name": text, "sync": text, "health": text, "rollout": text, "paused": pauses,
            // The plan that waits for a person's word; null where none does.
            "approval": [
                "type": ["object", "null"], "required": ["plan", "state", "command"],
                "properties": [
                    "plan": text, "state": ["type": "string", "enum": ["waiting", "rejected"]],
                    "by": ["type": ["string", "null"]], "reason": ["type": ["string", "null"]],
                    "command": text,
                ],
            ],
        ],
    ]

    /// Why a rollout stays where it is; empty where it does not.
    private static let pauses: SpecValue = [
        "type": "array",
        "items": [
            "type": "object", "required": ["by", "reason"],
            "properties": [
                "by": ["type": "string", "enum": ["person", "suspension", "withdrawal"]],
                "reason": text,
            ],
        ],
    ]

    static let plan = texts("id", "changeDigest", "target", "state")

    static let rollout: SpecValue = [
        "type": "object", "required": ["target", "state", "paused", "routes"],
        "properties": [
            "target": text, "state": text, "paused": pauses,
            "routes": [
                "type": "array",
                "items": [
                    "type": "object", "required": ["resource", "step", "weights", "samples"],
                    "properties": [
                        "resource": text, "step": ["type": "integer"],
                        "weights": ["type": "array", "items": object],
                        "samples": ["type": "array", "items": object],
                    ],
                ],
            ],
        ],
    ]

    static let holdings: SpecValue = [
        "type": "object", "required": ["schema", "target", "mesh", "revision", "resources"],
        "properties": [
            "schema": ["const": "plumbline.dev/holdings/v1"], "target": text, "mesh": text,
            "revision": ["type": ["string", "null"]],
            "resources": [
                "type": "array",
                "items": [
                    "type": "object", "required": ["resource", "spec"],
                    "properties": ["resource": text, "spec": object],
                ],
            ],
        ],
    ]

    static let drift: SpecValue = [
        "type": "object",
        "required": ["schema", "drift", "lookedAt", "reachable", "message", "findings"],
        "properties": [
            "schema": ["const": "plumbline.dev/drift/v1"],
            // Null where the last look came to nothing: `message` says why.
            "drift": ["type": ["boolean", "null"]],
            // When the mesh was seen as the findings have it.
            "lookedAt": ["type": ["string", "null"], "format": "date-time"],
            // Whether the last look reached Git and the mesh.
            "reachable": ["type": "boolean"],
            "message": ["type": ["string", "null"]],
            "findings": ["type": "array", "items": texts("resource", "class", "reason")],
        ],
    ]

    static let record: SpecValue = [
        "type": "object", "required": ["seq", "time", "kind", "actor", "hash", "prevHash"],
        "properties": [
            "seq": ["type": "integer", "minimum": 1],
            "time": ["type": "string", "format": "date-time"],
            "kind": kind, "actor": text, "hash": text, "prevHash": text,
        ],
    ]

    /// A record with what was there before and after; null where there is none.
    static let detail: SpecValue = [
        "type": "object", "required": ["record", "before", "after"],
        "properties": [
            "record": record, "before": ["type": ["object", "null"]],
            "after": ["type": ["object", "null"]],
        ],
    ]

    /// One of the server-sent events; `data` is the JSON of `ControlEvent`.
    static let event: SpecValue = [
        "type": "object", "required": ["id", "event", "data"],
        "properties": ["id": text, "event": kind, "data": text],
    ]

    static let delivery: SpecValue = [
        "type": "object", "required": ["number", "time", "source", "decision", "reason"],
        "properties": [
            "number": ["type": "integer", "minimum": 1],
            "time": ["type": "string", "format": "date-time"], "source": text, "flavor": text,
            "event": text, "id": text, "attempt": ["type": "integer"], "repository": text,
            "decision": [
                "type": "string",
                "enum": .list(DeliveryDecision.allCases.map { .string($0.rawValue) }),
            ],
            "reason": text,
        ],
    ]

    /// What a command is answered with.
    static let accepted: SpecValue = [
        "type": "object", "required": ["target", "command", "accepted"],
        "properties": [
            "target": text, "command": text, "accepted": ["type": "boolean"],
            // Why it was not accepted.
            "reason": text,
            // What there is to tell of it.
            "result": object,
        ],
    ]

    /// What every refusal is answered with (RFC 9457).
    static let problem: SpecValue = [
        "type": "object", "required": ["type", "title", "status", "detail"],
        "properties": [
            "type": ["const": "about:blank"], "title": text,
            "status": ["type": "integer", "minimum": 400, "maximum": 599], "detail": text,
            "errors": ["type": "array", "items": texts("pointer", "detail")],
        ],
        "additionalProperties": false,
    ]

    static func list(_ member: String, of item: SpecValue) -> SpecValue {
        [
            "type": "object", "required": [.string(member)],
            "properties": .object([member: ["type": "array", "items": item]]),
        ]
    }

    private static let text: SpecValue = ["type": "string"]

    private static let kind: SpecValue = [
        "type": "string", "enum": .list(EventKind.allCases.map { .string($0.rawValue) }),
    ]

    private static func texts(_ members: String...) -> SpecValue {
        [
            "type": "object", "required": .list(members.map { .string($0) }),
            "properties": .object(
                Dictionary(members.map { ($0, text) }) { first, _ in first }
            ),
        ]
    }
}
