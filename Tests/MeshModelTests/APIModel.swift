import Foundation
import MeshModel

/// What `Model/extract.py` keeps of the public API model.
struct APIModel: Decodable {
    struct Shape: Decodable {
        var type: String
        var required: [String]?
        var union: Bool?
        var `enum`: [String]?
        var min: Int64?
        var max: Int64?
        var pattern: String?
        /// Names of members with the names of their shapes.
        var members: [String: String]?
        /// The shape of a list's elements.
        var member: String?
    }

    struct Operation: Decodable {
        struct Member: Decodable {
            var `in`: String
            var required: Bool
            var token: Bool
        }

        var method: String
        var path: String
        var members: [String: Member]
        var lists: [String]
    }

    var shapes: [String: Shape]
    var operations: [String: Operation]

    static func read() throws -> APIModel {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Model/api.json")
        return try JSONDecoder().decode(APIModel.self, from: Data(contentsOf: file))
    }
}

/// Walks the table and the model side by side, by path from a kind's spec.
struct ModelComparison {
    let model: APIModel
    /// Paths of fields on the way, in the model or in the table.
    private(set) var paths: [String] = []
    /// Where the two differ.
    private(set) var differences: [String] = []

    init(_ model: APIModel) { self.model = model }

    mutating func compare(_ kind: Kind) {
        compare("\(kind.rawValue)Spec", .shape(Schema.shape(of: kind)), at: kind.rawValue)
    }

    private mutating func compare(_ name: String, _ type: FieldType, at path: String) {
        guard let shape = model.shapes[name] else { return differ(path, "no shape \(name)") }
        switch (type, shape.type) {
        case (.shape(let table), "structure"):
            compareStructure(shape, table, at: path)
        case (.list(let element, let count, _), "list"):
            check(shape.bounds == count.map { [Int64($0.lowerBound), Int64($0.upperBound)] }, path)
            compare(shape.member ?? "", element, at: path + "[]")
        case (.boolean, "boolean"):
            break
        case (.number(let range), "integer"):
            let highest = shape.max ?? Int64(Int32.max)
            check(range.lowerBound == shape.min && range.upperBound == highest, path)
        case (.number(let range), "long"):
            check(range.lowerBound == shape.min ?? .min, path)
            check(range.upperBound == shape.max ?? .max, path)
        case (.choice(let choices), "string"):
            check(Set(choices) == Set(shape.enum ?? []) && shape.bounds == nil, path)
        case (.text(let length, let pattern), "string"):
            compareText(shape, length, pattern, at: path)
            check(name != "Arn", path)
        case (.reference(_, let length, _), "string"):
            compareText(shape, length, nil, at: path)
        case (.arn, "string"):
            compareText(shape, nil, nil, at: path)
            check(name == "Arn", path)
        default:
            differ(path, "is \(type), the model says \(shape.type)")
        }
    }

    private mutating func compareStructure(
        _ shape: APIModel.Shape,
        _ table: MeshModel.Shape,
        at path: String
    ) {
        check(table.isUnion == (shape.union ?? false), path)
        let members = shape.members ?? [:]
        check(Set(table.fields.map(\.name)).count == table.fields.count, path)
        for extra in Set(table.fields.map(\.name)).subtracting(members.keys) {
            differ("\(path).\(extra)", "is not in the model")
        }
        for (name, target) in members {
            let path = "\(path).\(name)"
            paths.append(path)
            guard let field = table.field(name) else {
                differ(path, "is not in the table")
                continue
            }
            check(field.isRequired == (shape.required ?? []).contains(name), path)
            compare(target, field.type, at: path)
        }
    }

    private mutating func compareText(
        _ shape: APIModel.Shape,
        _ length: ClosedRange<Int>?,
        _ pattern: TextPattern?,
        at path: String
    ) {
        check(shape.bounds == length.map { [Int64($0.lowerBound), Int64($0.upperBound)] }, path)
        check(shape.pattern == pattern?.rawValue && shape.enum == nil, path)
    }

    private mutating func check(_ holds: Bool, _ path: String) {
        if !holds { differ(path, "differs from the model") }
    }

    private mutating func differ(_ path: String, _ how: String) {
        differences.append("\(path) \(how)")
    }
}

extension APIModel.Shape {
    /// Least and most, where the model bounds the length, the count or the value.
    fileprivate var bounds: [Int64]? {
        min == nil && max == nil ? nil : [min ?? .min, max ?? .max]
    }
}
