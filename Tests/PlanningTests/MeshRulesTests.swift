import MeshModel
import Planning
import Testing

@Suite("The fake mesh refuses what App Mesh refuses")
struct MeshRulesTests {
    static func mesh() -> MeshRules {
        var scene = Scene()
        scene.settle(Sample.node("a"), Sample.nodeSpec(8080))
        scene.settle(Sample.router("r"), Sample.routerSpec(8080))
        scene.settle(Sample.route("main", "r"), Sample.routeSpec(["a": 1]))
        scene.settle(Sample.service("s.shop"), Sample.serviceSpec(router: "r"))
        return MeshRules(scene.live)
    }

    static func create(_ id: ResourceID, _ body: SpecValue) -> Write {
        Write(resource: id, action: .create, body: body, before: nil, expects: nil)
    }

    static func update(_ mesh: MeshRules, _ id: ResourceID, _ body: SpecValue) -> Write {
        let live = mesh.resources[id]
        return Write(
            resource: id,
            action: .update,
            body: body,
            before: live?.spec,
            expects: live?.version
        )
    }

    static func delete(_ mesh: MeshRules, _ id: ResourceID) -> Write {
        let live = mesh.resources[id]
        return Write(
            resource: id,
            action: .delete,
            body: nil,
            before: live?.spec,
            expects: live?.version
        )
    }

    @Test("writes in the right order go through")
    func accepted() throws {
        var mesh = Self.mesh()
        try mesh.apply(Self.create(Sample.node("b"), Sample.nodeSpec(8080)))
        let route = Sample.route("main", "r")
        try mesh.apply(Self.update(mesh, route, Sample.routeSpec(["b": 1], match: 8080)))
        try mesh.apply(Self.delete(mesh, Sample.node("a")))
        try mesh.apply(Self.update(mesh, Sample.router("r"), Sample.routerSpec(8080, 9090)))
        #expect(mesh.resources[route]?.version.version == 2)
        #expect(mesh.resources[Sample.node("a")] == nil)
    }

    @Test("and the wrong ones do not")
    func refused() {
        var mesh = Self.mesh()
        let route = Sample.route("main", "r")
        let writes = [
            Self.create(Sample.node("a"), Sample.nodeSpec(8080)),
            Self.create(Sample.route("x", "none"), Sample.routeSpec(["a": 1])),
            Self.update(mesh, route, Sample.routeSpec(["missing": 1])),
            Self.update(mesh, route, Sample.routeSpec(["a": 101])),
            Self.update(mesh, Sample.router("r"), Sample.routerSpec(8080, 9090)),
            Self.update(
                mesh,
                Sample.router("r"),
                ["listeners": Sample.listeners([8080], "grpc")]
            ),
            Self.delete(mesh, Sample.node("a")),
            Self.delete(mesh, Sample.router("r")),
            Self.delete(mesh, .mesh(Sample.mesh)),
            Write(resource: route, action: .delete, body: nil, before: nil, expects: nil),
            Write(
                resource: route,
                action: .update,
                body: Sample.routeSpec(["a": 2]),
                before: nil,
                expects: LiveVersion(uid: "another", version: 1)
            ),
        ]
        for write in writes {
            #expect(throws: MeshRules.Refused.self) { try mesh.apply(write) }
        }
        #expect(mesh.resources == Self.mesh().resources, "a refused write changes nothing")
    }
}
