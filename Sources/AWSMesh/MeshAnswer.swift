import AWSClient
import FoundationEssentials
import MeshModel

/// A resource as an answer carries it; the body is the resource itself, unwrapped.
struct ResourceDocument: Decodable, Sendable {
    let names: Names
    let stamp: Stamp
    let uid: String
    let spec: SpecValue
    let status: Status

    /// `ACTIVE`, `INACTIVE`, `DELETED`; anything else counts as there.
    struct Status: Decodable, Sendable {
        let status: String
    }

    private enum Member: String, CodingKey {
        case metadata
        case spec
        case status
    }

    private struct Identity: Decodable {
        let uid: String
    }

    init(from decoder: any Decoder) throws {
        names = try Names(from: decoder)
        let members = try decoder.container(keyedBy: Member.self)
        stamp = try members.decode(Stamp.self, forKey: .metadata)
        uid = try members.decode(Identity.self, forKey: .metadata).uid
        spec = try members.decodeIfPresent(SpecValue.self, forKey: .spec) ?? .empty
        status = try members.decode(Status.self, forKey: .status)
    }

    /// The resource, or nothing where it is deleted; throws where the answer is about another one.
    func resource(_ id: ResourceID) throws -> LiveResource? {
        guard names.identify(id) else { throw Mismatch() }
        guard status.status != "DELETED" else { return nil }
        return LiveResource(
            id: id,
            spec: spec,
            version: LiveVersion(uid: uid, version: stamp.version),
            arn: stamp.arn,
            meshOwner: stamp.meshOwner,
            resourceOwner: stamp.resourceOwner
        )
    }

    struct Mismatch: Error {}
}

/// What tells one revision of a resource from another without its spec.
///
/// List items carry no uid; the time of creation tells a resource from its successor of the same
/// name. The times are kept as they came: numbers at AWS, texts at some imitations.
struct Stamp: Decodable, Sendable, Hashable {
    let arn: String
    let version: Int64
    let createdAt: SpecValue?
    let lastUpdatedAt: SpecValue?
    let meshOwner: String
    let resourceOwner: String
}

/// An item of a list.
struct ListedItem: Sendable, Hashable {
    let id: ResourceID
    let stamp: Stamp
}

/// The names an answer carries: those of the resource, its mesh and its parent.
struct Names: Decodable, Sendable {
    private let texts: [String: String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: NameKey.self)
        var texts: [String: String] = [:]
        for key in container.allKeys where key.stringValue.hasSuffix("Name") {
            texts[key.stringValue] = try container.decode(String.self, forKey: key)
        }
        self.texts = texts
    }

    /// Whether the names are those of this resource.
    func identify(_ id: ResourceID) -> Bool { self.id(id.kind, in: id.mesh) == id }

    /// The resource of a kind these names stand for, if it is in the mesh.
    func id(_ kind: Kind, in mesh: String) -> ResourceID? {
        guard texts[Kind.mesh.nameMember] == mesh, let name = texts[kind.nameMember] else {
            return nil
        }
        return ResourceID(
            mesh: mesh,
            kind: kind,
            parent: kind.parent.flatMap { texts[$0.nameMember] },
            name: name
        )
    }

    /// The mesh these names are in.
    var meshID: ResourceID? {
        texts[Kind.mesh.nameMember].flatMap { ResourceID(mesh: $0, kind: .mesh, name: $0) }
    }
}

/// One page of a list: its items, and where the next begins.
struct Page<Item: Decodable & Sendable>: Decodable, Sendable {
    private let lists: [String: [Item]]
    let nextToken: String?

    /// An empty token ends a list as its absence does.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: NameKey.self)
        let tokenKey = NameKey("nextToken")
        let token = try container.decodeIfPresent(String.self, forKey: tokenKey)
        nextToken = token == "" ? nil : token
        var lists: [String: [Item]] = [:]
        for key in container.allKeys where key.stringValue != tokenKey.stringValue {
            lists[key.stringValue] = try? container.decode([Item].self, forKey: key)
        }
        self.lists = lists
    }

    /// The items under a member's name; nothing where the member is absent or not such a list.
    func items(_ member: String) -> [Item]? { lists[member] }
}

/// A list item before its resource is known.
struct ListedDocument: Decodable, Sendable {
    let names: Names
    let stamp: Stamp

    init(from decoder: any Decoder) throws {
        names = try Names(from: decoder)
        stamp = try Stamp(from: decoder)
    }
}

/// A tag as the API lists it.
struct TagDocument: Decodable, Sendable {
    let key: String
    let value: String?
}

private struct NameKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }

    init?(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }
}

extension ServiceAnswer {
    /// Reads the body; what cannot be read was not written by this API.
    func document<Document: Decodable>(
        _ type: Document.Type,
        of request: ServiceRequest
    ) throws(AWSError) -> Document {
        do { return try JSONDecoder().decode(type, from: Data(body)) } catch {
            throw foreign(request, "the body is not one of \(request.operation)")
        }
    }

    /// The error for an answer that says something else than it should.
    func foreign(_ request: ServiceRequest, _ message: String) -> AWSError {
        AWSError(
            operation: request.operation,
            subject: request.subject,
            code: .foreignAnswer,
            message: message,
            requestID: requestID,
            statusCode: statusCode,
            mayHaveBeenDone: request.kind == .write
        )
    }
}
