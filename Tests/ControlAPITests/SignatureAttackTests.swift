import ControlAPI
import MeshModel
import Testing

/// Attacks on the signature, over real sockets.
@Suite struct SignatureAttackTests {
    /// Atlassian's published example.
    @Test func theSignatureIsAtlassians() throws {
        let secret = try #require(WebhookSecret("It's a Secret to Everybody".utf8))
        let expected = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
        let body = Array("Hello World!".utf8)
        #expect(WebhookSignature.header(for: body, secret: secret) == expected)
        #expect(try WebhookSignature(headers: [expected]).isValid(for: body, secrets: [secret]))
        #expect("\(secret)" == "<redacted>" && "\([secret])".contains("It's") == false)
    }

    @Test("Attack 1: no signature") func attack1() async throws {
        try await Webhooks.running { webhooks in
            let post = Post.cloud(Payload.move(), id: "1").with("X-Hub-Signature")
            try await webhooks.expect(.missingSignature, of: post)
            #expect(webhooks.queued == 0)
        }
    }

    @Test("Attack 2: a wrong signature") func attack2() async throws {
        try await Webhooks.running { webhooks in
            let other = Post.cloud(Payload.move(), id: "1", secret: "some other secret")
            try await webhooks.expect(.wrongSignature, of: other)
            var changed = Post.cloud(Payload.move(), id: "2")
            changed.body[0] = UInt8(ascii: " ")
            try await webhooks.expect(.wrongSignature, of: changed, "a byte of the body")
            var reformatted = Post.cloud(Payload.move(), id: "3")
            reformatted.body.append(UInt8(ascii: "\n"))
            try await webhooks.expect(.wrongSignature, of: reformatted, "the bytes are signed")
            #expect(webhooks.queued == 0)
        }
    }

    @Test("Attack 3: the right HMAC as sha1=") func attack3() async throws {
        try await Webhooks.running { webhooks in
            let post = Post.cloud(Payload.move(), id: "1")
            let digits = post.signature(Post.secret).dropFirst("sha256=".count)
            for prefix in ["sha1=", "sha512=", "SHA256=", "sha256:", ""] {
                let forged = post.with("X-Hub-Signature", prefix + digits)
                try await webhooks.expect(.malformedSignature, of: forged, "\(prefix)")
            }
        }
    }

    @Test("Attack 4: upper case, spaces, two headers, two signatures") func attack4() async throws {
        try await Webhooks.running { webhooks in
            let post = Post.cloud(Payload.move(), id: "1")
            let right = post.signature(Post.secret)
            let wrong = "sha256=" + String(repeating: "0", count: 64)
            let digits = right.dropFirst(7)
            let forged: [[String]] = [
                ["sha256=" + digits.uppercased()], ["sha256= " + digits],
                ["sha256=" + digits.prefix(32) + " " + digits.suffix(32)],
                ["sha256=" + digits.dropLast()], [right + "00"], ["sha256="],
                [right, right], [right, wrong], [wrong, right], [right + "," + wrong],
                [wrong + ", " + right], ["sha256=" + String(repeating: "ä", count: 32)],
            ]
            for values in forged {
                var forged = post.with("X-Hub-Signature")
                forged.headers += values.map { ("X-Hub-Signature", $0) }
                try await webhooks.expect(.malformedSignature, of: forged, "\(values)")
            }
            // White space around a value is HTTP's, not the value's.
            let spaced = post.with("X-Hub-Signature", "  \(right) \t")
            try await webhooks.expect(.queued, of: spaced)
        }
    }

    /// The comparison is swift-crypto's constant-time one; what can be seen of it is the answer.
    @Test("Attack 5: a probe of the comparison") func attack5() async throws {
        try await Webhooks.running { webhooks in
            let post = Post.cloud(Payload.move(), id: "1")
            let right = Array(post.signature(Post.secret))
            var answers: Set<String> = []
            for count in stride(from: 7, to: right.count, by: 2) {
                let wrong = String(right[count...].map { $0 == "0" ? "1" : "0" })
                let forged = post.with("X-Hub-Signature", String(right[..<count]) + wrong)
                let answer = try await webhooks.send(forged)
                #expect(answer.status == 403)
                let lines = answer.head.split(separator: "\r\n").filter { !$0.hasPrefix("Date:") }
                answers.insert(lines.joined(separator: "\n") + answer.body)
            }
            #expect(answers.count == 1, "the answer tells how much was right: \(answers)")
        }
    }

    @Test("Attack 15: rotation of the secret") func attack15() async throws {
        try await Webhooks.running { webhooks in
            func signed(_ secret: String, _ number: Int) -> Post {
                Post.cloud(Payload.move(number), id: "\(secret)-\(number)", secret: secret)
            }
            try await webhooks.expect(.queued, of: signed(Post.secret, 1))
            try await webhooks.expect(.wrongSignature, of: signed("new", 2))
            try webhooks.write(secret: Post.secret, to: "previous")
            try webhooks.write(secret: "new\r\n", to: "current")
            try await webhooks.expect(.queued, of: signed(Post.secret, 3), "the old one overlaps")
            try await webhooks.expect(.queued, of: signed("new", 4), "the new one counts at once")
            try webhooks.write(secret: "", to: "previous")
            try await webhooks.expect(.wrongSignature, of: signed(Post.secret, 5), "it is over")
            try await webhooks.expect(.queued, of: signed("new", 6))
            try webhooks.write(secret: "\n", to: "current")
            try await webhooks.expect(.noSecret, of: signed("new", 7), "no secret is no pass")
            try webhooks.write(secret: String(repeating: "x", count: 2000), to: "current")
            try await webhooks.expect(.noSecret, of: signed("new", 7), "the wrong file")
            #expect(webhooks.queued == 4)
        }
    }

    @Test("Attack 18: an unsigned ping") func attack18() async throws {
        try await Webhooks.running { webhooks in
            let signed = Post.dataCenter(
                #"{"test":true}"#,
                key: "diagnostics:ping",
                id: "1"
            )
            let unsigned = signed.with("X-Hub-Signature")
            let answer = try await webhooks.send(unsigned)
            #expect(answer.status == 200 && answer.decision == "ping")
            try await webhooks.expect(.ping, of: unsigned.with("X-Request-Id"), "without an id")
            try await webhooks.expect(.ping, of: signed)
            // Who presses "Test connection" learns that the secret is wrong.
            let wrong = "sha256=" + String(repeating: "0", count: 64)
            try await webhooks.expect(.wrongSignature, of: signed.with("X-Hub-Signature", wrong))
            // A ping carries no push, whatever its body says.
            var smuggled = Post.cloud(Payload.move(), key: "diagnostics:ping", id: "2")
            try await webhooks.expect(.ping, of: smuggled)
            smuggled = smuggled.with("X-Hub-Signature")
            try await webhooks.expect(.ping, of: smuggled)
            #expect(webhooks.queued == 0)
        }
    }
}
