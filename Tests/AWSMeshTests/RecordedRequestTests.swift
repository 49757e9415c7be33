import Foundation
import MeshModel
import Testing

@testable import AWSClient
@testable import AWSMesh

/// Our 38 requests beside those of botocore, which `Recorded/record.py` wrote down.
@Suite("Requests as botocore sends them") struct RecordedRequestTests {
    struct Recorded: Decodable, Sendable {
        let operation: String
        let method: String
        let path: String
        let query: [[String]]
        let body: SpecValue?
    }

    private static let arn = "arn:aws:appmesh:eu-west-1:111122223333:mesh/shop/virtualNode/web"
    private static let page = [(name: "limit", value: "2"), (name: "nextToken", value: "a+b/=&")]

    @Test func all38() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Recorded/requests.jsonl")
        let recorded = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .map { try JSONDecoder().decode(Recorded.self, from: Data($0.utf8)) }
        #expect(Set(recorded.map(\.operation)) == Set(MeshModel.Operation.all.map(\.name)))
        for theirs in recorded {
            let operation = try #require(
                MeshModel.Operation.all.first { $0.name == theirs.operation }
            )
            let ours = try request(operation, theirs)
            #expect(ours.operation == theirs.operation)
            #expect(ours.method == theirs.method)
            #expect(ours.path == theirs.path)
            let query = ours.query.map { [$0.name, $0.value] }
            #expect(query.sorted { $0[0] < $1[0] } == theirs.query, "\(theirs.operation)")
            let body = try ours.body.map { try SpecValue(json: $0) }
            #expect(body == theirs.body, "\(theirs.operation)")
            #expect((ours.kind == .read) == (theirs.method == "GET"))
        }
    }

    /// The request for an operation with the arguments that `record.py` gives botocore.
    private func request(
        _ operation: MeshModel.Operation,
        _ recorded: Recorded
    ) throws -> ServiceRequest {
        let tags = ["revision": "1", "owner": "shop"]
        switch operation {
        case .tagResource:
            let body = SpecValue.object(["tags": MeshRequest.list(of: tags)])
            return MeshRequest.tags(operation, arn: Self.arn, body: body)
        case .untagResource:
            let body: SpecValue = ["tagKeys": ["owner", "revision"]]
            return MeshRequest.tags(operation, arn: Self.arn, body: body)
        case .listTagsForResource:
            return MeshRequest.tags(operation, arn: Self.arn, query: Self.page)
        case .resource(let verb, let kind):
            let named = ResourceID(
                mesh: "shop",
                kind: kind,
                parent: kind.parent == nil ? nil : "front~1",
                name: kind == .mesh ? "shop" : "a/b é.local"
            )
            let id = try #require(named)
            var content = MeshRequest.Content()
            switch verb {
            case .create, .update:
                content.spec = try #require(recorded.body?.members?["spec"])
                content.clientToken = "pl-1"
                content.tags = tags
            case .list: content.query = Self.page
            case .describe, .delete: break
            }
            return try MeshRequest.resource(verb, id, content, meshOwner: "111122223333")
        }
    }

    @Test("names that would address something else", arguments: [".", ".."])
    func dots(name: String) {
        let id = ResourceID.virtualService(name, mesh: "shop")
        let error = #expect(throws: AWSError.self) { try MeshRequest.resource(.delete, id) }
        #expect(error?.code == .invalid)
    }
}
