/// A commit as the bytes that its id is the hash of, taken apart for the check of its signature.
///
/// Stricter than Git: what two readers could read differently is refused. So the tree whose files
/// we apply is the one that stands, once and first, in what was signed.
struct SignedCommit {
    enum Form {
        case openPGP
        case ssh

        var begin: String { "-----BEGIN \(noun)-----" }
        var end: String { "-----END \(noun)-----" }

        private var noun: String {
            switch self {
            case .openPGP: "PGP SIGNATURE"
            case .ssh: "SSH SIGNATURE"
            }
        }
    }

    struct Signature {
        let form: Form
        let text: [UInt8]
    }

    /// Why the bytes are no commit to rely on, in words that follow "commit 'ID'".
    struct Malformed: Error {
        let reason: String
    }

    let id: String
    let tree: String
    let parents: [String]
    /// The commit without its signature: what was signed.
    let payload: [UInt8]
    let signature: Signature?

    /// Takes a commit object apart; total.
    init(id: String, bytes: [UInt8]) throws(Malformed) {
        guard let end = bytes.firstRange(of: [Self.newline, Self.newline]) else {
            throw Malformed(reason: "has no end of its header")
        }
        let header = bytes[..<end.lowerBound]
        guard !header.contains(0) else { throw Malformed(reason: "has a zero in its header") }
        var lines = header.split(separator: Self.newline, omittingEmptySubsequences: false)[...]
        guard let tree = Self.object(lines.popFirst(), "tree") else {
            throw Malformed(reason: "does not begin with its tree")
        }
        var kept = ["tree \(tree)".utf8.map(\.self)[...]]
        var parents: [String] = []
        while let line = lines.first, let parent = Self.object(line, "parent") {
            guard parents.count < Self.mostParents else {
                throw Malformed(reason: "has more than \(Self.mostParents) parents")
            }
            parents.append(parent)
            kept.append(line)
            lines.removeFirst()
        }
        for name in ["author", "committer"] {
            guard let line = lines.popFirst(), Self.name(of: line) == name else {
                throw Malformed(reason: "names no \(name) where one belongs")
            }
            kept.append(line)
        }
        let (others, signature) = try Self.split(lines)
        self.id = id
        self.tree = tree
        self.parents = parents
        payload =
            Array((kept + others).joined(separator: [Self.newline])) + bytes[end.lowerBound...]
        self.signature = try signature.map { (text) throws(Malformed) in try Self.read(text) }
    }

    private typealias Line = ArraySlice<UInt8>

    /// Each is looked at; people do not merge more at once.
    private static let mostParents = 100
    private static let newline = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")
    /// Where each of these stands is fixed; again further down, another reader may take it.
    private static let fixed: Set<String> = ["tree", "parent", "author", "committer"]

    /// The remaining header lines, and the one signature among them without its indentation.
    private static func split(
        _ lines: ArraySlice<Line>
    ) throws(Malformed) -> (others: [Line], signature: [Line]?) {
        var others: [Line] = []
        var signature: [Line]?
        var isInSignature = false
        var isFirst = true
        for line in lines {
            if line.first == space {
                guard !isFirst else { throw Malformed(reason: "has a header without a name") }
                if isInSignature {
                    signature?.append(line.dropFirst())
                } else {
                    others.append(line)
                }
                continue
            }
            isFirst = false
            guard let name = name(of: line), !fixed.contains(name) else {
                throw Malformed(reason: "has a header where none belongs")
            }
            isInSignature = name == "gpgsig"
            guard isInSignature else {
                guard !name.hasPrefix("gpgsig") else {
                    throw Malformed(reason: "has a signature of a kind that is not read")
                }
                others.append(line)
                continue
            }
            guard signature == nil else { throw Malformed(reason: "has two signatures") }
            signature = [line.dropFirst(name.utf8.count + 1)]
        }
        return (others, signature)
    }

    /// One armored block and nothing beside it.
    private static func read(_ lines: [Line]) throws(Malformed) -> Signature {
        var lines = lines[...]
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        let texts = lines.map { String(decoding: $0, as: UTF8.self) }
        for form in [Form.openPGP, .ssh] where texts.first == form.begin {
            guard texts.last == form.end,
                texts.dropFirst().dropLast().allSatisfy({ !$0.hasPrefix("-") })
            else { throw Malformed(reason: "has more than one signature block") }
            return Signature(
                form: form,
                text: Array(lines.joined(separator: [newline])) + [newline]
            )
        }
        throw Malformed(reason: "has a signature that is neither OpenPGP's nor SSH's")
    }

    /// `NAME 40-digits`.
    private static func object(_ line: Line?, _ name: String) -> String? {
        guard let line, self.name(of: line) == name else { return nil }
        let id = String(decoding: line.dropFirst(name.utf8.count + 1), as: UTF8.self)
        return ObjectID.isFull(id) ? id : nil
    }

    /// What stands before the first blank, in letters, digits and dashes.
    private static func name(of line: Line) -> String? {
        guard let end = line.firstIndex(of: space), end > line.startIndex else { return nil }
        let name = line[..<end]
        let isPlain = name.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
                true
            default: false
            }
        }
        return isPlain ? String(decoding: name, as: UTF8.self) : nil
    }
}
