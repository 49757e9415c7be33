import MeshModel
import Testing

/// Whatever a file or a server says, the interpreters answer; and their laws hold even there.
struct FuzzTests {
    @Test(arguments: Kind.allCases)
    func anyValueGetsAnAnswer(_ kind: Kind) throws {
        let shape = FieldType.shape(Schema.shape(of: kind))
        let parent = kind.parent == nil ? nil : "parent"
        let name = kind == .mesh ? "shop" : "a"
        let id = try #require(ResourceID(mesh: "shop", kind: kind, parent: parent, name: name))
        var previous = SpecValue.empty
        var refused = 0
        for seed in 0..<600 as Range<UInt64> {
            var generator = ValueGenerator(seed: seed)
            let value = generator.value(shape)
            refused += Schema.validate(value, as: kind).isEmpty ? 0 : 1
            let normal = Schema.normalForm(value, as: kind)
            #expect(Schema.normalForm(normal, as: kind) == normal, "\(seed): \(value.json)")
            #expect(Schema.diff(from: value, to: normal, as: kind) == [], "\(seed): \(value.json)")
            let isEqual = Schema.equal(previous, value, as: kind)
            let changes = Schema.diff(from: previous, to: value, as: kind)
            #expect(changes.isEmpty == isEqual, "\(seed): \(previous.json) \(value.json)")
            readThroughViews(value, id)
            previous = value
        }
        #expect(refused > 200)
    }

    private func readThroughViews(_ value: SpecValue, _ id: ResourceID) {
        for reference in References.of(value, id) { #expect(reference.target.mesh == "shop") }
        for arn in References.arns(in: value, as: id.kind) { #expect(!arn.path.isEmpty) }
        if let traffic = RouteTraffic(value) {
            let same = traffic.replacing(targets: traffic.targets)
            #expect(RouteTraffic(same)?.targets == traffic.targets)
            #expect((traffic.timeout.idle ?? 0) >= .min)
        }
        let listeners = Listener.list(in: value)
        #expect(Listener.list(in: Listener.replacing(listeners, in: value)) == listeners)
        let count = value.member("backends")?.items?.count ?? 0
        #expect(Backend.list(in: value).count <= count)
        _ = (ServiceProvider(value), ServiceDiscovery(value), EgressFilter(value))
        _ = GatewayRouteTraffic(value)
    }
}
