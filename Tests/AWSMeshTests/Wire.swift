import MeshModel

/// Answers of the App Mesh API as they stand on the wire, written out.
enum Wire {
    struct Subject: Sendable {
        let names: [String: String]
        let version: Int
        let tail: String
    }

    static func mesh(version: Int = 1) -> Subject {
        Subject(names: ["meshName": "shop"], version: version, tail: "")
    }

    static func node(_ name: String, mesh: String = "shop", version: Int = 1) -> Subject {
        Subject(
            names: ["meshName": mesh, "virtualNodeName": name],
            version: version,
            tail: "/virtualNode/\(name)"
        )
    }

    static func router(_ name: String) -> Subject {
        Subject(
            names: ["meshName": "shop", "virtualRouterName": name],
            version: 1,
            tail: "/virtualRouter/\(name)"
        )
    }

    static func route(_ name: String, in router: String) -> Subject {
        Subject(
            names: ["meshName": "shop", "virtualRouterName": router, "routeName": name],
            version: 1,
            tail: "/virtualRouter/\(router)/route/\(name)"
        )
    }

    static func list(_ member: String, _ items: [Subject], next: String? = nil) -> String {
        let list = SpecValue.list(items.map { .object(texts($0).merging(stamp($0)) { $1 }) })
        var page = [member: list]
        if let next { page["nextToken"] = .string(next) }
        return SpecValue.object(page).json
    }

    static func resource(_ subject: Subject, status: String = "ACTIVE") -> String {
        var metadata = stamp(subject)
        metadata["uid"] = .string("uid" + subject.tail)
        var members = texts(subject)
        members["metadata"] = .object(metadata)
        members["spec"] = ["listeners": []]
        members["status"] = ["status": .string(status)]
        return SpecValue.object(members).json
    }

    private static func texts(_ subject: Subject) -> [String: SpecValue] {
        subject.names.mapValues { .string($0) }
    }

    private static func stamp(_ subject: Subject) -> [String: SpecValue] {
        [
            "arn": .string("arn:aws:appmesh:eu-west-1:111122223333:mesh/shop" + subject.tail),
            "createdAt": .number(1_790_000_000.125),
            "lastUpdatedAt": .number(1_790_000_000.125 + Double(subject.version)),
            "meshOwner": "111122223333",
            "resourceOwner": "111122223333",
            "version": .integer(Int64(subject.version)),
        ]
    }
}
