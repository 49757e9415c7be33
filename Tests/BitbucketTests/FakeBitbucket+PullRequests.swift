import Bitbucket
import Hummingbird
import MeshModel
import Synchronization

/// Pull requests and what people say on them, two to a page; a comment is its author's alone.
extension FakeBitbucket {
    struct Comment {
        var id: Int64
        var author: String
        var text: String
        var version: Int64 = 0
        var isDeleted = false
    }

    private static let pageLength = 2
    /// Whose token it is.
    static let robot = "robot"

    func comments(by author: String = robot) -> [Comment] {
        state.withLock { $0.comments.filter { $0.author == author && !$0.isDeleted } }
    }

    func say(_ text: String, by author: String) {
        state.withLock { state in
            let id = Int64(state.comments.count + 1)
            state.comments.append(Comment(id: id, author: author, text: text))
        }
    }

    func pullRequestAnswer(_ ask: Ask) -> Response? {
        let root = flavor == .cloud ? "pullrequests" : "pull-requests"
        guard ask.parts.first == root else { return nil }
        guard ask.parts.count > 1 else { return list(ask) }
        guard ask.parts[1] == "7" else { return refuse(404, "no such pull request") }
        switch (ask.method, ask.parts.count, ask.parts.dropFirst(2).first) {
        case (.get, 3, flavor == .cloud ? "comments" : "activities"):
            return page(flavor == .cloud ? cloudComments : activities, ask)
        case (.post, 3, "comments"): return add(ask.json)
        case (.put, 4, "comments"): return change(Int64(ask.parts[3]) ?? 0, ask.json)
        default: return nil
        }
    }

    private func list(_ ask: Ask) -> Response? {
        guard ask.method == .get, ask.query["state"] == "OPEN" else { return nil }
        return page(state.withLock { $0.pullRequests }, ask)
    }

    private var cloudComments: [SpecValue] {
        state.withLock { $0.comments }
            .map { comment in
                [
                    "id": .integer(comment.id), "deleted": .bool(comment.isDeleted),
                    "content": ["raw": .string(comment.text)],
                ]
            }
    }

    /// Newest first, with every version of an edited comment, among other things that happened.
    private var activities: [SpecValue] {
        let comments = state.withLock { $0.comments }
            .flatMap { comment in
                (0...comment.version)
                    .map { version -> SpecValue in
                        [
                            "action": "COMMENTED",
                            "comment": [
                                "id": .integer(comment.id), "version": .integer(version),
                                "text": .string(comment.text),
                            ],
                        ]
                    }
            }
        return [["action": "RESCOPED"]] + comments.reversed() + [["action": "OPENED"]]
    }

    private func page(_ all: [SpecValue], _ ask: Ask) -> Response {
        let start = Int(ask.query[flavor == .cloud ? "page" : "start"] ?? "0") ?? 0
        let end = min(start + Self.pageLength, all.count)
        var members: [String: SpecValue] = ["values": .list(Array(all[min(start, end)..<end]))]
        let isLast = end == all.count
        switch flavor {
        case .cloud:
            let path = "/2.0/repositories/acme/mesh/" + ask.parts.joined(separator: "/")
            let query = "state=OPEN&page=\(end)"
            members["next"] = isLast ? nil : .string("http://\(ask.host)\(path)?\(query)")
        case .dataCenter:
            members["isLastPage"] = .bool(isLast)
            members["nextPageStart"] = isLast ? .null : .integer(Int64(end))
        }
        return .json(200, Array(SpecValue.object(members).json.utf8))
    }

    private func text(_ body: SpecValue?) -> String? {
        let text = flavor == .cloud ? body?["content"]?["raw"]?.text : body?["text"]?.text
        return text.flatMap { $0.isEmpty || $0.utf16.count > 32_768 ? nil : $0 }
    }

    private func add(_ body: SpecValue?) -> Response {
        guard let text = text(body) else { return refuse(400, "text") }
        say(text, by: Self.robot)
        return .json(201, Array("{}".utf8))
    }

    private func change(_ id: Int64, _ body: SpecValue?) -> Response {
        guard let text = text(body) else { return refuse(400, "text") }
        let comments = state.withLock { $0.comments }
        guard let index = comments.firstIndex(where: { $0.id == id && !$0.isDeleted }) else {
            return refuse(404, "no such comment")
        }
        guard comments[index].author == Self.robot else { return refuse(403, "not yours") }
        if flavor == .dataCenter, body?["version"]?.integer != comments[index].version {
            return refuse(409, "You are attempting to modify a comment based on out-of-date data.")
        }
        state.withLock { state in
            state.comments[index].text = text
            state.comments[index].version += 1
        }
        return .json(200, Array("{}".utf8))
    }
}
