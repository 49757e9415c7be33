import Foundation
import MeshModel
import Testing

/// Addresses are contracts: they read back as what they were printed from, and as nothing else.
struct ResourceIDTests {
    @Test func addressesAreTheTailOfTheARN() {
        let route = ResourceID.route("main", router: "checkout", mesh: "shop")
        #expect(route.address == "virtualRouter/checkout/route/main")
        #expect(route.fullAddress == "mesh/shop/virtualRouter/checkout/route/main")
        #expect(ResourceID.mesh("shop").address == "mesh/shop")
        #expect(ResourceID.mesh("shop").fullAddress == "mesh/shop")
        let service = ResourceID.virtualService("a/b%2F", mesh: "shop")
        #expect(service.address == "virtualService/a%2Fb%252F")
    }

    @Test func addressesReadBack() {
        let names = ["a", "mesh", "route", "a.b.c", "a/b", "%", "%2F", "%25", "a%2fb", "é/", "/"]
        var ids: [ResourceID] = []
        for mesh in ["shop", "a/b"] {
            ids.append(.mesh(mesh))
            for name in names {
                ids += [.virtualNode(name, mesh: mesh), .virtualService(name, mesh: mesh)]
                ids += [.virtualRouter(name, mesh: mesh), .virtualGateway(name, mesh: mesh)]
                ids += names.map { .route(name, router: $0, mesh: mesh) }
                ids += names.map { .gatewayRoute(name, gateway: $0, mesh: mesh) }
            }
        }
        for id in ids {
            #expect(ResourceID(address: id.address, mesh: id.mesh) == id)
            #expect(ResourceID(address: id.fullAddress, mesh: id.mesh) == id)
            #expect(ResourceID(address: id.fullAddress, mesh: "other") == nil)
        }
    }

    @Test(arguments: [
        "", "/", "virtualNode", "virtualNode/", "/virtualNode/a", "virtualNode/a/", "node/a",
        "route/main", "virtualNode/a/route/b", "virtualGateway/a/route/b", "mesh/other",
        "virtualRouter/a/route/", "virtualRouter//route/b", "mesh/shop/mesh/shop", "VirtualNode/a",
        "mesh/shop/", "virtualService/a%2fb", "virtualService/a%20b", "mesh/shop/x/y/z/w/v",
    ])
    func anythingElseIsNoAddress(_ text: String) {
        #expect(ResourceID(address: text, mesh: "shop") == nil)
    }

    @Test func aParentIsThereWhereTheKindHasOne() {
        #expect(ResourceID(mesh: "shop", kind: .route, name: "main") == nil)
        #expect(ResourceID(mesh: "shop", kind: .virtualNode, parent: "x", name: "web") == nil)
        #expect(ResourceID(mesh: "shop", kind: .mesh, name: "other") == nil)
        #expect(ResourceID(mesh: "", kind: .virtualNode, name: "web") == nil)
        #expect(ResourceID(mesh: "shop", kind: .virtualNode, name: "") == nil)
    }

    @Test func containersEndAtTheMesh() {
        let route = ResourceID.gatewayRoute("main", gateway: "in", mesh: "shop")
        #expect(route.container == .virtualGateway("in", mesh: "shop"))
        #expect(route.container?.container == .mesh("shop"))
        #expect(ResourceID.mesh("shop").container == nil)
    }

    @Test func sortedIsCreationOrder() {
        let ids: [ResourceID] = [
            .gatewayRoute("a", gateway: "g", mesh: "m"), .virtualGateway("a", mesh: "m"),
            .virtualService("a", mesh: "m"), .route("b", router: "r", mesh: "m"),
            .route("z", router: "q", mesh: "m"), .virtualRouter("a", mesh: "m"),
            .virtualNode("b", mesh: "m"), .virtualNode("a", mesh: "m"), .mesh("m"),
        ]
        #expect(
            ids.sorted() == [
                ids[8], ids[7], ids[6], ids[5], ids[4], ids[3], ids[2], ids[1], ids[0],
            ]
        )
    }

    @Test func decodingRefusesWhatIsNoIdentity() throws {
        let id = ResourceID.route("main", router: "checkout", mesh: "shop")
        let data = try JSONEncoder().encode(id)
        #expect(try JSONDecoder().decode(ResourceID.self, from: data) == id)
        let orphan = Data(#"{"mesh":"shop","kind":"Route","name":"main"}"#.utf8)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ResourceID.self, from: orphan)
        }
    }
}
