import MeshModel

/// The rules for names, and how a stranger's text is shown in a message.
enum Names {
    /// Letters, digits, hyphen and underscore.
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Refuses a name that App Mesh would refuse.
    ///
    /// Virtual services are named like hosts; the API
    /// gives their names no rule but a length.
    static func check(_ name: String, of kind: Kind) throws(Refusal) {
        let member = kind.rawValue + "Name"
        guard (1...255).contains(name.unicodeScalars.count) else {
            throw Refusal(.badRequest, "\(member) must have a length between 1 and 255")
        }
        if kind == .virtualService {
            guard name.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
                throw Refusal(.badRequest, "\(member) must not have spaces or control characters")
            }
        } else {
            guard name.utf8.allSatisfy(isPlain) else {
                throw Refusal(.badRequest, "\(member) must match ^[a-zA-Z0-9\\-_]+$")
            }
        }
    }

    /// Bounded and without control characters.
    static func shown(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(64).map { $0.value < 0x20 ? "?" : $0 }
        return String(String.UnicodeScalarView(scalars))
    }
}
