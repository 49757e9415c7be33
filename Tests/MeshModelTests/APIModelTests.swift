import MeshModel
import Testing

/// The table and the operations are the API model's, no more and no less.
struct APIModelTests {
    @Test func theTableIsTheModel() throws {
        var comparison = ModelComparison(try APIModel.read())
        for kind in Kind.allCases { comparison.compare(kind) }
        #expect(comparison.differences == [])
        #expect(comparison.paths.count == 466)
    }

    /// Every constraint of every shape, changed one at a time, must be noticed.
    @Test func anyChangeOfTheModelIsNoticed() throws {
        let model = try APIModel.read()
        var unnoticed: [String] = []
        var count = 0
        for (name, shape) in model.shapes.sorted(by: { $0.key < $1.key }) {
            for (change, changed) in Self.changes(of: shape) {
                var model = model
                model.shapes[name] = changed
                var comparison = ModelComparison(model)
                for kind in Kind.allCases { comparison.compare(kind) }
                count += 1
                if comparison.differences.isEmpty { unnoticed.append("\(name): \(change)") }
            }
        }
        #expect(unnoticed == [])
        #expect(count > 700)
    }

    private static func changes(of shape: APIModel.Shape) -> [(String, APIModel.Shape)] {
        var changes: [(String, APIModel.Shape)] = []
        func change(_ what: String, _ change: (inout APIModel.Shape) -> Void) {
            var changed = shape
            change(&changed)
            changes.append((what, changed))
        }
        change("type") { $0.type = $0.type == "string" ? "integer" : "string" }
        if let members = shape.members {
            change("union") { $0.union = !($0.union ?? false) }
            change("extra member") { $0.members?["invented"] = "String" }
            for name in members.keys {
                change("without \(name)") { $0.members?[name] = nil }
                change("required \(name)") {
                    let required = $0.required ?? []
                    let others = required.filter { $0 != name }
                    $0.required = others.count == required.count ? others + [name] : others
                }
            }
        }
        if shape.enum != nil { change("choices") { $0.enum?.removeLast() } }
        if shape.pattern != nil { change("pattern") { $0.pattern = nil } }
        if let least = shape.min { change("min") { $0.min = least + 1 } }
        if let most = shape.max { change("max") { $0.max = most - 1 } }
        return changes
    }

    @Test func theOperationsAreTheModels() throws {
        let model = try APIModel.read()
        #expect(Set(Operation.all.map(\.name)) == Set(model.operations.keys))
        #expect(Operation.all.count == 38)
        for operation in Operation.all {
            let expected = try #require(model.operations[operation.name])
            let path = Operation.pathPrefix + operation.path.map { "/\($0)" }.joined()
            #expect(path == expected.path)
            #expect(operation.method == expected.method, "\(operation.name)")
            #expect(operation.query == expected.located("query"), "\(operation.name)")
            #expect(operation.body == expected.located("body"), "\(operation.name)")
            let inPath = operation.path.filter { $0.hasPrefix("{") }.sorted()
            #expect(inPath == expected.located("path").map { "{\($0.name)}" })
            #expect(operation.takesMeshOwner == (expected.members["meshOwner"] != nil))
            #expect(operation.takesClientToken == (expected.members["clientToken"] != nil))
            #expect(operation.takesClientToken == expected.members.values.contains { $0.token })
            if case .resource(.list, let kind) = operation {
                #expect(expected.lists == [kind.listMember])
            }
        }
    }
}

extension APIModel.Operation {
    fileprivate func located(_ place: String) -> [MeshModel.Operation.Member] {
        members.filter { $0.value.in == place }
            .map { MeshModel.Operation.Member(name: $0.key, isRequired: $0.value.required) }
            .sorted { $0.name < $1.name }
    }
}
