import MeshModel

/// The members of a request's body, taken out one by one; what nobody took is refused.
struct RequestBody {
    /// All of it but the token, as it came: by this a repeated request is known.
    let content: SpecValue
    private var members: [String: SpecValue]

    /// Reads JSON; no body at all is an empty one.
    init(_ bytes: [UInt8]) throws(Refusal) {
        guard !bytes.isEmpty else {
            members = [:]
            content = .empty
            return
        }
        guard let value = try? SpecValue(json: bytes) else {
            throw Refusal(.serialization, "The request's body is not JSON")
        }
        guard let members = value.members else {
            throw Refusal(.serialization, "The request's body is not a JSON object")
        }
        // A null says what an absent member says (restJson1); inside a spec it is the schema's.
        self.members = members.filter { $0.value != .null }
        content = .object(self.members.filter { $0.key != Member.clientToken })
    }

    /// "Up to 36 letters, numbers, hyphens, and underscores" (the API model's words).
    mutating func takeClientToken() throws(Refusal) -> String? {
        guard let token = try takeText(Member.clientToken) else { return nil }
        guard (1...36).contains(token.utf8.count), token.utf8.allSatisfy(Names.isPlain) else {
            throw Refusal(
                .badRequest,
                "clientToken must be up to 36 letters, numbers, hyphens, and underscores"
            )
        }
        return token
    }

    mutating func takeSpec() -> SpecValue? { members.removeValue(forKey: Member.spec) }

    mutating func takeText(_ member: String) throws(Refusal) -> String? {
        guard let value = members.removeValue(forKey: member) else { return nil }
        guard let text = value.text else {
            throw Refusal(.badRequest, "\(member) must be a string")
        }
        return text
    }

    /// Tags as pairs in the order they came; nothing where the member is absent.
    mutating func takeTags() throws(Refusal) -> [(key: String, value: String)]? {
        guard let items = try takeList(Member.tags) else { return nil }
        var tags: [(key: String, value: String)] = []
        for item in items {
            guard let members = item.members, members.count == 2,
                let key = members[Member.key]?.text, let value = members[Member.value]?.text
            else {
                throw Refusal(.badRequest, "Each tag must have a key and a value, both strings")
            }
            tags.append((key, value))
        }
        return tags
    }

    mutating func takeTagKeys() throws(Refusal) -> [String]? {
        guard let items = try takeList(Member.tagKeys) else { return nil }
        let keys = items.compactMap(\.text)
        guard keys.count == items.count else {
            throw Refusal(.badRequest, "tagKeys must be strings")
        }
        return keys
    }

    private mutating func takeList(_ member: String) throws(Refusal) -> [SpecValue]? {
        guard let value = members.removeValue(forKey: member) else { return nil }
        guard let items = value.items else {
            throw Refusal(.badRequest, "\(member) must be a list")
        }
        return items
    }

    /// Refuses what the operation does not know.
    func finish() throws(Refusal) {
        guard let unknown = members.keys.sorted().first else { return }
        throw Refusal(.badRequest, "Unknown member '\(Names.shown(unknown))' in the request")
    }
}

/// Members of requests and answers that are not part of a spec.
enum Member {
    static let clientToken = "clientToken"
    static let spec = "spec"
    static let tags = "tags"
    static let tagKeys = "tagKeys"
    static let key = "key"
    static let value = "value"
    static let nextToken = "nextToken"
    static let limit = "limit"
    static let meshOwner = "meshOwner"
    static let resourceArn = "resourceArn"
    static let message = "message"
}
