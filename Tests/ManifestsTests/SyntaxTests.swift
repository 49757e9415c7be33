import MeshModel
import Testing

@testable import Manifests

/// YAML and JSON as text: places, merges, streams.
struct SyntaxTests {
    private static func document(_ text: String) throws -> SourceNode {
        let documents = YAMLReading.documents(of: Array(text.utf8), in: "a.yaml")
        return try #require(documents.first).get()
    }

    private static func place(_ node: SourceNode?) -> [Int]? {
        node.map { [$0.position.line, $0.position.column] }
    }

    @Test func everyKeyAndValueHasItsPlace() throws {
        let root = try Self.document("a:\n  - é: [x, \"y\"]\n    b: |\n      text\n")
        let item = root.value(of: "a")?.items?.first
        #expect(
            item?.entries?.map { [$0.position.line, $0.position.column] } == [[2, 5], [3, 5]]
        )
        let list = item?.value(of: "é")
        #expect(Self.place(list) == [2, 8])
        #expect(list?.items?.map { $0.position.column } == [9, 12])
        #expect(Self.place(item?.value(of: "b")) == [3, 8])
    }

    @Test func placesCountFromTheFilesStart() throws {
        let text =
            "\u{FEFF}# comment\r\n---\r\nkind: Mesh\r\nmeshName: shop\r\nx: 1\r\n--- # more\r\n"
            + "kind: Mesh\r\nmeshName: shop\r\ny: 1\r\n...\r\n"
        let positions = read(yaml: text).errors.compactMap(\.position).map { [$0.line, $0.column] }
        #expect(positions == [[5, 1], [8, 11], [9, 1]])
    }

    @Test(arguments: [
        ("---\na: 1\n---\nb: 1\n", 2), ("a: 1\n...\n---\nb: 1\n", 2), ("%YAML 1.1\n---\na: 1\n", 1),
        ("# only a comment\n", 0), ("", 0), ("---\n---\n---\n", 0), ("a: |\n  ---\n  x\n", 1),
        ("a: '--- x'\n", 1), ("---a: 1\n", 1), ("--- text\n", 1),
    ])
    func streamsAreCut(text: String, count: Int) {
        let reading = read(yaml: text)
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.documentCount == count)
    }

    /// Under 16 bytes a text is stored inline, where the parser's pointer would not be valid.
    @Test(arguments: ["a: b", "[]", "x", "a: \"b", "a: |+\n b"])
    func shortTextsAreRead(text: String) throws {
        let documents = YAMLReading.documents(of: Array(text.utf8), in: "a.yaml")
        #expect(documents.count == 1)
        guard text != "a: \"b" else { return }
        #expect(throws: Never.self) { try documents.first?.get() }
    }

    @Test func mergeKeysAreResolved() throws {
        let root = try Self.document(
            """
            one: &one { a: 1, b: 1 }
            two: &two { b: 2, c: 2 }
            all: { <<: [*one, *two], c: 3 }
            nested: { <<: { <<: *one, a: 0 } }
            quoted: { "<<": 5 }
            """
        )
        func text(_ key: String, _ inner: String) -> String? {
            root.value(of: key)?.text(of: inner)
        }
        #expect(["a", "b", "c"].map { text("all", $0) } == ["1", "1", "3"])
        #expect(["a", "b"].map { text("nested", $0) } == ["0", "1"])
        #expect(text("quoted", "<<") == "5")
    }

    @Test func anchorsStayInTheirDocument() {
        let text =
            "kind: Mesh\nmeshName: &name shop\n---\nkind: VirtualNode\nvirtualNodeName: *name\n"
        #expect(read(yaml: text).codes == ["badYAML"])
    }

    @Test func otherNamesArePassedOver() {
        let files = ["a.txt": "{", "b.yaml.bak": "{", "c.yml": "a: 1", "d.json": "{}"]
        let reading = read(files)
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.fileCount == 2)
        #expect(reading.skippedFileCount == 2)
    }

    // MARK: - JSON

    @Test(arguments: [
        (#"{"a": [1, -0.5, 1e5, true, false, null, "x"]}"#, true), ("[]", true), (" 5 ", true),
        (#""\ud83d\ude00\u00e9\n\/""#, true), ("{\"a\":\t1}", true), ("[1,]", false),
        (#"{"a":1,}"#, false), ("{a: 1}", false), ("['a']", false), ("[01]", false),
        ("[1.]", false),
        ("[+1]", false), ("[.5]", false), ("[1e]", false), ("[NaN]", false), ("[True]", false),
        (#"["\ud83d"]"#, false), (#"["\ude00"]"#, false), (#"["\ud83dx"]"#, false),
        (#"["\x41"]"#, false), ("[\"a\nb\"]", false), ("[1] [2]", false), ("[1", false),
        ("// c\n[]", false), (#"["\u12"]"#, false), ("\u{FEFF}[]", true), ("[$X]", false),
    ])
    func jsonIsJSON(text: String, isSound: Bool) {
        let reading = read(["a.json": text])
        #expect(reading.errors.isEmpty == isSound)
        #expect(reading.errors.count <= 1)
    }

    @Test func jsonKeepsPlacesAndEmoji() throws {
        let text = "{\n  \"a\": \"\\ud83d\\ude00\", \"é\": [ true ]\n}"
        let root = try #require(try JSONReading.document(of: Array(text.utf8), in: "a.json"))
        #expect(root.text(of: "a") == "😀")
        #expect(Self.place(root.value(of: "a")) == [2, 8])
        #expect(root.entries?.map(\.position.column) == [3, 24])
        #expect(Self.place(root.value(of: "é")?.items?.first) == [2, 31])
    }
}
