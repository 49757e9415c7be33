import ControlAPI

/// A delivery to send, with every header in our hands.
struct Post: Sendable {
    var target = "/hooks/bitbucket"
    var method = "POST"
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]

    static let secret = "meshagent-test-secret"

    init(_ body: [UInt8]) { self.body = body }

    /// As Cloud sends it.
    static func cloud(
        _ body: String,
        key: String = "repo:push",
        id: String,
        secret: String = secret
    ) -> Post {
        var post = Post(Array(body.utf8))
        post.headers = [
            ("Content-Type", "application/json"), ("User-Agent", "Bitbucket-Webhooks/2.0"),
            ("X-Event-Key", key), ("X-Hook-UUID", "{e1f7c1e0-0000-4000-8000-000000000001}"),
            ("X-Request-UUID", id), ("X-Attempt-Number", "1"),
            ("X-Hub-Signature", post.signature(secret)),
        ]
        return post
    }

    /// As Data Center sends it.
    static func dataCenter(
        _ body: String,
        key: String = "repo:refs_changed",
        id: String
    ) -> Post {
        var post = Post(Array(body.utf8))
        post.headers = [
            ("Content-Type", "application/json; charset=utf-8"), ("X-Event-Key", key),
            ("X-Request-Id", id), ("X-Hub-Signature", post.signature(secret)),
        ]
        return post
    }

    func signature(_ secret: String) -> String {
        WebhookSecret(secret.utf8).map { WebhookSignature.header(for: body, secret: $0) } ?? ""
    }

    /// The same with all values of a header taken away, and others in their place.
    func with(_ name: String, _ values: String...) -> Post {
        var post = self
        post.headers.removeAll { $0.name == name }
        post.headers += values.map { (name, $0) }
        return post
    }

    /// Everything before the body.
    func head(_ framing: String? = nil) -> String {
        let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let framing = framing ?? "Content-Length: \(body.count)"
        return "\(method) \(target) HTTP/1.1\r\nHost: agent\r\n\(lines)\(framing)\r\n\r\n"
    }

    var bytes: [UInt8] { Array(head().utf8) + body }
}

/// Bodies as Bitbucket writes them, cut down to what counts.
enum Payload {
    static let before = String(repeating: "1", count: 40)
    static let after = String(repeating: "2", count: 40)

    static func side(_ name: String, _ hash: String, type: String = "branch") -> String {
        #"{"type":"\#(type)","name":"\#(name)","target":{"type":"commit","hash":"\#(hash)"}}"#
    }

    static func change(old: String?, new: String?, forced: Bool = false) -> String {
        #"{"old":\#(old ?? "null"),"new":\#(new ?? "null"),"forced":\#(forced),"truncated":false}"#
    }

    static func push(_ changes: [String], repository: String = "acme/mesh-config") -> String {
        push(list: "[" + changes.joined(separator: ",") + "]", repository: repository)
    }

    /// A push whose `changes` are any JSON.
    static func push(list: String, repository: String = "acme/mesh-config") -> String {
        #"{"push":{"changes":\#(list)},"repository":{"full_name":"\#(repository)"}}"#
    }

    /// `main` moves to a commit of this number.
    static func move(_ number: Int = 2, repository: String = "acme/mesh-config") -> String {
        let digits = String(number, radix: 16)
        let hash = String(repeating: "0", count: 40 - digits.count) + digits
        let change = change(old: side("main", before), new: side("main", hash))
        return push([change], repository: repository)
    }

    static func dataCenter(date: String, to hash: String = after) -> String {
        """
        {"eventKey":"repo:refs_changed","date":"\(date)",\
        "repository":{"slug":"mesh-config","project":{"key":"MESH"}},\
        "changes":[{"refId":"refs/heads/main","fromHash":"\(before)","toHash":"\(hash)",\
        "type":"UPDATE"}]}
        """
    }
}
