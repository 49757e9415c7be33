import MeshModel

/// Draws values that nothing vouches for: any type anywhere, under names that the schema knows.
struct ValueGenerator {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private static let numbers: [Int64] = [0, 1, -1, 100, 101, 65_536, .max, .min, 1000]
    private static let texts = ["", "s", "ms", "http", "/", "a\u{0}b", "0", "é", "DROP_ALL"]

    mutating func value(depth: Int) -> SpecValue {
        let choice = Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random)
        switch choice {
        case 0: return .null
        case 1: return .bool(random.chance(50))
        case 2: return .integer(Self.numbers.randomElement(using: &random) ?? 0)
        case 3: return .number(0.5 + Double(Int.random(in: -9...9, using: &random)))
        case 4: return .string(Self.texts.randomElement(using: &random) ?? "")
        case 5: return .list((0..<count()).map { _ in value(depth: depth - 1) })
        default:
            let members = (0..<count()).map { _ in ("k\(count())", value(depth: depth - 1)) }
            return .object(Dictionary(members) { _, last in last })
        }
    }

    /// A value in the outline of a shape, in which anything may be wrong.
    mutating func value(_ type: FieldType) -> SpecValue {
        if random.chance(8) { return value(depth: 2) }
        switch type {
        case .shape(let shape):
            var members: [String: SpecValue] = [:]
            for field in shape.fields where random.chance(55) {
                members[field.name] = value(field.type)
            }
            if random.chance(8) { members["invented"] = value(depth: 1) }
            return .object(members)
        case .list(let element, _, _):
            return .list((0..<count()).map { _ in value(element) })
        case .boolean: return .bool(random.chance(50))
        case .number: return .integer(Self.numbers.randomElement(using: &random) ?? 0)
        case .choice(let choices): return .string(choices.randomElement(using: &random) ?? "")
        case .text, .reference, .arn:
            return .string(Self.texts.randomElement(using: &random) ?? "")
        }
    }

    private mutating func count() -> Int { Int.random(in: 0...3, using: &random) }
}
