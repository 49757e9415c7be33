import MeshModel
import Testing

/// The rules between the listeners of a router and its routes.
struct ListenerRuleTests {
    private static let router = "/meshes/shop/virtualRouters/web"
    private static let routes = "/meshes/shop/virtualRouter/web/routes"

    @Test func aSecondListenerNeedsPortsOnAllRoutes() async throws {
        try await withMesh { probe in
            try await probe.buildShop()
            let two = Sample.router((8080, "http"), (9090, "grpc"))
            let refused = try await probe.put(Self.router, ["spec": two])
            #expect(refused.errorType == "BadRequestException")
            #expect(
                refused.message == "All Routes for this Virtual Router must define a port match "
                    + "before adding multiple listeners. 1 Route(s) are missing port"
            )
            let matched = try await probe.put(
                Self.routes + "/main",
                ["spec": Sample.route(port: 8080)]
            )
            #expect(matched.status == 200)
            #expect(try await probe.put(Self.router, ["spec": two]).status == 200)

            let portless = try await probe.create(Self.routes, "routeName", "x", Sample.route())
            #expect(
                portless.message == "Route must define a port match criteria if the Virtual Router "
                    + "has multiple listeners"
            )
            let back = try await probe.put(Self.routes + "/main", ["spec": Sample.route()])
            #expect(back.status == 400)
        }
    }

    @Test func aProtocolDoesNotChangeUnderItsRoutes() async throws {
        try await withMesh { probe in
            try await probe.buildShop()
            let http2 = Sample.router((8080, "http2"))
            let refused = try await probe.put(Self.router, ["spec": http2])
            #expect(refused.errorType == "BadRequestException")
            #expect(refused.message.contains("protocol http"))
            #expect(refused.message.contains("[main]"))
            #expect(try await probe.get(Self.router).version == 1)

            try await probe.delete(Self.routes + "/main")
            #expect(try await probe.put(Self.router, ["spec": http2]).status == 200)
        }
    }

    @Test func aListenerDoesNotGoFromUnderItsRoute() async throws {
        try await withMesh { probe in
            try await probe.buildShop()
            try await probe.put(Self.routes + "/main", ["spec": Sample.route(port: 8080)])
            let both = Sample.router((8080, "http"), (9090, "http"))
            try await probe.put(Self.router, ["spec": both])
            let other = try await probe.put(
                Self.router,
                ["spec": Sample.router((9090, "http"))]
            )
            #expect(other.status == 400)
            let kept = try await probe.put(Self.router, ["spec": Sample.router((8080, "http"))])
            #expect(kept.status == 200)
        }
    }
}
