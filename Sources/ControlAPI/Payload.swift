import MeshModel

/// A part of a payload that knows where it stands, so that a complaint can say so.
///
/// An absent member and a null are the same: Bitbucket uses both.
struct Payload {
    let value: SpecValue
    let path: String

    init(_ value: SpecValue, at path: String = "") {
        self.value = value
        self.path = path
    }

    func optional(_ name: String) -> Payload? {
        guard let member = value[name], member != .null else { return nil }
        return Payload(member, at: path.isEmpty ? name : "\(path).\(name)")
    }

    func optionalObject(_ name: String) throws(WebhookFault) -> Payload? {
        guard let member = optional(name) else { return nil }
        guard member.value.members != nil else {
            throw WebhookFault("\(member.path) is not an object")
        }
        return member
    }

    func object(_ name: String) throws(WebhookFault) -> Payload {
        guard let member = try optionalObject(name) else { throw missing(name) }
        return member
    }

    /// The items of a list, each an object; no list is an empty one.
    func objects(_ name: String) throws(WebhookFault) -> [Payload] {
        guard let list = optional(name) else { return [] }
        guard let items = list.value.items else {
            throw WebhookFault("\(list.path) is not a list")
        }
        var objects: [Payload] = []
        for (index, item) in items.enumerated() {
            let place = "\(list.path)[\(index)]"
            guard item.members != nil else { throw WebhookFault("\(place) is not an object") }
            objects.append(Payload(item, at: place))
        }
        return objects
    }

    func optionalText(_ name: String) throws(WebhookFault) -> String? {
        guard let member = optional(name) else { return nil }
        guard let text = member.value.text else {
            throw WebhookFault("\(member.path) is not a string")
        }
        return text
    }

    func text(_ name: String) throws(WebhookFault) -> String {
        guard let text = try optionalText(name) else { throw missing(name) }
        return text
    }

    func flag(_ name: String) throws(WebhookFault) -> Bool? {
        guard let member = optional(name) else { return nil }
        guard let flag = member.value.flag else {
            throw WebhookFault("\(member.path) is not true or false")
        }
        return flag
    }

    func integer(_ name: String) throws(WebhookFault) -> Int64 {
        guard let member = optional(name) else { throw missing(name) }
        guard let integer = member.value.integer else {
            throw WebhookFault("\(member.path) is not an integer")
        }
        return integer
    }

    /// A commit's name: all digits of SHA-1 or SHA-256, or fewer where `short` is allowed.
    func commit(_ name: String, orShort: Bool = false) throws(WebhookFault) -> String {
        let hash = try text(name)
        let count = hash.utf8.count
        let isHash = hash.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
        }
        guard isHash, count == 40 || count == 64 || (orShort && (7...64).contains(count)) else {
            throw invalid(name, "is not the name of a commit")
        }
        return hash
    }

    func invalid(_ name: String, _ problem: String) -> WebhookFault {
        WebhookFault("\(path.isEmpty ? name : "\(path).\(name)") \(problem)")
    }

    private func missing(_ name: String) -> WebhookFault { invalid(name, "is missing") }
}
