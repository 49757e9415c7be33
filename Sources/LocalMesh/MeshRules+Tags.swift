import MeshModel

extension MeshRules {
    /// Sets tags by key; the resource's version does not move.
    func tag(_ call: MeshCall, _ lookup: Lookup) throws(Refusal) -> Outcome {
        let resource = try tagged(call, lookup)
        var body = try RequestBody(call.body)
        guard let list = try body.takeTags() else {
            throw Refusal(.badRequest, "tags is required")
        }
        try body.finish()
        let tags = try TagRules.checked(list)
        let merged = resource.tags.merging(tags) { $1 }
        try TagRules.checkCount(merged.count)
        return (.empty, [.put(resource.tagged(merged))])
    }

    func untag(_ call: MeshCall, _ lookup: Lookup) throws(Refusal) -> Outcome {
        let resource = try tagged(call, lookup)
        var body = try RequestBody(call.body)
        guard let keys = try body.takeTagKeys() else {
            throw Refusal(.badRequest, "tagKeys is required")
        }
        try body.finish()
        guard keys.count <= TagRules.most else {
            throw Refusal(.badRequest, "tagKeys must have at most \(TagRules.most) members")
        }
        let left = resource.tags.filter { !keys.contains($0.key) }
        return (.empty, [.put(resource.tagged(left))])
    }

    func listTags(_ call: MeshCall, _ lookup: Lookup) throws(Refusal) -> SpecValue {
        let resource = try tagged(call, lookup)
        let list = "tags/" + resource.id.fullAddress
        let page = try Page(
            limit: call.query[Member.limit],
            token: call.query[Member.nextToken],
            of: list,
            most: TagRules.most
        )
        let sorted = resource.tags.sorted { $0.key < $1.key }
        let (items, next) = page.cut(sorted, of: list) { $0.key }
        let shown = items.map { tag in
            SpecValue.object([Member.key: .string(tag.key), Member.value: .string(tag.value)])
        }
        return paged(Member.tags, shown, next)
    }

    private func tagged(_ call: MeshCall, _ lookup: Lookup) throws(Refusal) -> StoredResource {
        guard let text = call.query[Member.resourceArn] else {
            throw Refusal(.badRequest, "resourceArn is required")
        }
        guard let arn = ARN(text) else {
            throw Refusal(.badRequest, "resourceArn is not the ARN of an App Mesh resource")
        }
        guard arn.account == account else {
            throw Refusal(.forbidden, "The resource belongs to account \(Names.shown(arn.account))")
        }
        guard arn.region == call.region else {
            throw Refusal(.notFound, "The resource is in region \(Names.shown(arn.region))")
        }
        return try lookup.require(arn.id)
    }
}

/// What tags may be: the bounds of the API model, and the prefix that AWS keeps for itself.
enum TagRules {
    static let most = 50

    /// Tags by key; refuses keys and values out of bounds and keys that come twice.
    static func checked(
        _ list: [(key: String, value: String)]
    ) throws(Refusal) -> [String: String] {
        try checkCount(list.count)
        var tags: [String: String] = [:]
        for (key, value) in list {
            guard (1...128).contains(key.unicodeScalars.count) else {
                throw Refusal(.badRequest, "A tag's key must have a length between 1 and 128")
            }
            guard value.unicodeScalars.count <= 256 else {
                throw Refusal(.badRequest, "A tag's value must have a length of at most 256")
            }
            guard !key.lowercased().hasPrefix("aws:") else {
                throw Refusal(.badRequest, "Tag keys that begin with aws: are kept for AWS")
            }
            guard tags.updateValue(value, forKey: key) == nil else {
                throw Refusal(.badRequest, "Tag key '\(Names.shown(key))' comes twice")
            }
        }
        return tags
    }

    static func checkCount(_ count: Int) throws(Refusal) {
        guard count > most else { return }
        throw Refusal(
            .tooManyTags,
            "The request exceeds the maximum allowed number of tags allowed per resource. The "
                + "current limit is \(most) user tags per resource. You must reduce the number of "
                + "tags in the request. None of the tags in this request were applied."
        )
    }
}
