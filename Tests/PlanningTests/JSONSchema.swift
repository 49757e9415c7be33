import Foundation
import MeshModel

/// As much of JSON Schema as the files of this tree use; an unknown keyword is a complaint.
struct JSONSchema {
    private let root: SpecValue

    init(named name: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/plumbline/Schemas/\(name).json")
        root = try SpecValue(json: Data(contentsOf: file))
    }

    /// What is wrong with a value, each with its place; nothing where it fits.
    func complaints(_ value: SpecValue) -> [String] { complaints(value, root, at: "$") }

    private func complaints(_ value: SpecValue, _ schema: SpecValue, at place: String) -> [String] {
        guard let keywords = schema.members else { return schema.flag == true ? [] : [place] }
        return keywords.sorted { $0.key < $1.key }
            .flatMap { keyword, rule in
                complaints(value, keyword, rule, in: schema, at: place)
            }
    }

    private func complaints(
        _ value: SpecValue,
        _ keyword: String,
        _ rule: SpecValue,
        in schema: SpecValue,
        at place: String
    ) -> [String] {
        func expect(_ holds: Bool) -> [String] { holds ? [] : ["\(place): \(keyword)"] }
        switch keyword {
        case "$ref":
            let name = rule.text.map { $0.replacing("#/$defs/", with: "") } ?? ""
            return root["$defs"]?[name].map { complaints(value, $0, at: place) } ?? [place]
        case "const": return expect(value == rule)
        case "enum": return expect(rule.items?.contains(value) ?? false)
        case "type": return expect((rule.items ?? [rule]).contains { isType($0, value) })
        case "minimum": return expect((value.integer ?? 0) >= (rule.integer ?? .max))
        case "maximum": return expect((value.integer ?? 0) <= (rule.integer ?? .min))
        case "pattern":
            let range = value.text?.range(of: rule.text ?? "$^", options: .regularExpression)
            return expect(range != nil)
        case "required":
            let names = (rule.items ?? []).compactMap(\.text)
            return names.filter { value[$0] == nil }.map { "\(place): \($0) is missing" }
        case "additionalProperties":
            let known = Set((schema["properties"]?.members ?? [:]).keys)
            let found = Set((value.members ?? [:]).keys)
            return found.subtracting(known).sorted().map { "\(place): unknown \($0)" }
        case "properties":
            let members = (rule.members ?? [:]).sorted { $0.key < $1.key }
            return members.flatMap { name, schema in
                value[name].map { complaints($0, schema, at: "\(place).\(name)") } ?? []
            }
        case "items":
            return (value.items ?? []).enumerated()
                .flatMap { complaints($1, rule, at: "\(place)[\($0)]") }
        case "$schema", "$id", "$defs", "title", "description": return []
        default: return ["\(place): keyword \(keyword)"]
        }
    }

    private func isType(_ type: SpecValue, _ value: SpecValue) -> Bool {
        switch value {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .integer: type == "integer"
        case .number: type == "number"
        case .string: type == "string"
        case .list: type == "array"
        case .object: type == "object"
        }
    }
}
