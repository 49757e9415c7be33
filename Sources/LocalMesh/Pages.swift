import FoundationEssentials
import MeshModel

/// One page of a list: how much, and from where.
struct Page {
    let limit: Int
    /// The name after which the page begins.
    let after: String?

    /// Reads `limit` and `nextToken`; a token of another list is as bad as no token at all.
    init(limit: String?, token: String?, of list: String, most: Int) throws(Refusal) {
        if let limit {
            guard let number = Int(limit), (1...most).contains(number) else {
                throw Refusal(.badRequest, "limit must be between 1 and \(most)")
            }
            self.limit = number
        } else {
            self.limit = most
        }
        guard let token else {
            after = nil
            return
        }
        guard let data = Data(base64Encoded: token),
            let text = String(validating: data, as: UTF8.self),
            text.hasPrefix(list + "\n")
        else { throw Refusal(.badRequest, "nextToken is not one that this list gave") }
        after = String(text.dropFirst(list.count + 1))
    }

    /// Cuts the page out of sorted items, and makes the token of the next one.
    func cut<Item>(
        _ items: [Item],
        of list: String,
        name: (Item) -> String
    ) -> (items: [Item], next: String?) {
        let rest = items.drop { item in after.map { name(item) <= $0 } ?? false }
        let page = Array(rest.prefix(limit))
        guard rest.count > page.count, let last = page.last else { return (page, nil) }
        return (page, Data((list + "\n" + name(last)).utf8).base64EncodedString())
    }
}
