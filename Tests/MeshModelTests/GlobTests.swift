import MeshModel
import Testing

/// `*` is any run of characters but `/`; everything else is itself.
struct GlobTests {
    @Test(arguments: [
        ("virtualRouter/checkout/route/*", "virtualRouter/checkout/route/main", true),
        ("virtualRouter/*/route/*", "virtualRouter/checkout/route/main", true),
        ("virtualRouter/*", "virtualRouter/checkout/route/main", false),
        ("*", "virtualNode/web", false), ("*/*", "virtualNode/web", true),
        ("virtualNode/web-*", "virtualNode/web-", true),
        ("virtualNode/w*b-*2", "virtualNode/web-v12", true),
        ("virtualNode/?eb", "virtualNode/web", false), ("", "", true), ("*", "", true),
        ("a*b*c", "aXbXbXc", true), ("a*b", "a/b", false), ("**", "a", true),
    ])
    func matches(_ pattern: String, _ text: String, _ isMatch: Bool) {
        #expect(Glob(pattern).matches(text) == isMatch)
    }

    @Test func addressesMatchWithTheirMeshOrWithout() {
        let node = ResourceID.virtualNode("web", mesh: "shop")
        #expect(Glob("virtualNode/*").matches(node))
        #expect(Glob("mesh/shop/virtualNode/*").matches(node))
        #expect(!Glob("mesh/other/virtualNode/*").matches(node))
    }

    /// One backtrack point is enough: the answer is that of trying everything.
    @Test func agreesWithTryingEverything() {
        var random = SplitMix64(seed: 7)
        var matches = 0
        for _ in 0..<20_000 {
            let pattern = draw("ab/**", &random, upTo: 7)
            let text = draw("aab/", &random, upTo: 8)
            let expected = Self.naive(pattern[...], text[...])
            #expect(Glob(String(pattern)).matches(String(text)) == expected)
            matches += expected ? 1 : 0
        }
        #expect(matches > 500)
    }

    private func draw(
        _ letters: String,
        _ random: inout SplitMix64,
        upTo most: Int
    ) -> [Character] {
        (0..<Int.random(in: 0...most, using: &random))
            .map { _ in
                letters.randomElement(using: &random) ?? "a"
            }
    }

    private static func naive(
        _ pattern: ArraySlice<Character>,
        _ text: ArraySlice<Character>
    ) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" {
            if naive(pattern.dropFirst(), text) { return true }
            return text.first != nil && text.first != "/" && naive(pattern, text.dropFirst())
        }
        return text.first == first && naive(pattern.dropFirst(), text.dropFirst())
    }
}
