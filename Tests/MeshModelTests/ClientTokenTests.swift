import MeshModel
import Testing

/// A retry has the token of its intent; anything else has another.
struct ClientTokenTests {
    private let node = ResourceID.virtualNode("web", mesh: "shop")

    private func token(
        ledger: String = "l1",
        sequence: Int64 = 7,
        operation: MeshModel.Operation = .resource(.update, .virtualNode),
        resource: ResourceID? = nil,
        body: SpecValue = ["backends": []]
    ) -> String {
        ClientToken.make(
            ledger: ledger,
            sequence: sequence,
            operation: operation,
            resource: resource ?? node,
            body: body
        )
    }

    @Test func aRetryRepeatsAndADecisionDoesNot() {
        let all = [
            token(), token(ledger: "l2"), token(sequence: 8),
            token(operation: .resource(.create, .virtualNode)),
            token(resource: .virtualNode("web", mesh: "other")), token(body: [:]),
        ]
        #expect(token() == token())
        #expect(Set(all).count == all.count)
    }

    @Test func theFormFitsTheLimit() {
        let digits = token().dropFirst(3)
        #expect(token().hasPrefix("pl-") && digits.count == 32)
        #expect(digits.allSatisfy { "abcdefghijklmnopqrstuvwxyz234567".contains($0) })
    }

    /// RFC 4648 §10, in lower case and without padding.
    @Test(arguments: [
        ("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"),
        ("fooba", "mzxw6ytb"), ("foobar", "mzxw6ytboi"),
    ])
    func base32(_ text: String, _ encoded: String) {
        #expect(Base32.text(text.utf8) == encoded)
    }

    @Test func digestsAreOfCanonicalText() {
        let empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        #expect(Digest(of: .empty).hex == empty, "SHA-256 of {}")
        #expect(Digest(of: .empty).bytes.count == 32)
        #expect(Digest(of: ["a": 1, "b": 2]) == Digest(of: Array(#"{"a":1,"b":2}"#.utf8)))
    }
}

/// The two small views that planning and ignore rules write through.
struct PathViewTests {
    @Test func matchPorts() {
        let route: SpecValue = ["tcpRoute": ["action": ["weightedTargets": []]]]
        #expect(MatchPort.of(route) == nil)
        let ported = MatchPort.replacing(8080, in: route)
        #expect(MatchPort.of(ported) == 8080)
        #expect(ported.member("tcpRoute")?.member("action") == ["weightedTargets": []])
        #expect(MatchPort.replacing(8080, in: [:]) == [:])
    }

    @Test func fieldsByPath() {
        let spec: SpecValue = ["egressFilter": ["type": "DROP_ALL"]]
        #expect(spec.value(atField: "egressFilter.type") == "DROP_ALL")
        #expect(spec.value(atField: "egressFilter.type.x") == nil)
        let path = "serviceDiscovery.ipPreference"
        let changed = spec.replacing(field: path, with: "IPv4_ONLY")
        #expect(changed.value(atField: path) == "IPv4_ONLY")
        #expect(spec.replacing(field: path, with: nil) == spec, "nothing is made for an absence")
        #expect(spec.replacing(field: "egressFilter.type", with: nil) == ["egressFilter": [:]])
    }
}
