import LocalMesh
import MeshModel
import Testing

/// Options as they are written on a command line.
struct OptionTests {
    @Test(arguments: [
        ("127.0.0.1:0", "127.0.0.1", 0), ("localhost:8080", "localhost", 8080),
        ("[::1]:65535", "::1", 65535),
    ])
    func readsAddresses(text: String, host: String, port: Int) throws {
        var options = MeshOptions()
        try options.setListen(text)
        #expect(options.host == host)
        #expect(options.port == port)
    }

    @Test(arguments: ["", "8080", ":80", "localhost", "localhost:", "localhost:65536", "a:-1"])
    func refusesOtherAddresses(text: String) {
        var options = MeshOptions()
        #expect(throws: OptionError.self) { try options.setListen(text) }
    }

    @Test func readsDurations() throws {
        #expect(try FaultOptions.duration("15ms") == .milliseconds(15))
        #expect(try FaultOptions.duration("2s") == .seconds(2))
        #expect(try FaultOptions.duration("1m") == .seconds(60))
        for text in ["", "2", "s", "-1s", "1.5s", "2 s", "99999999999s"] {
            #expect(throws: OptionError.self) { try FaultOptions.duration(text) }
        }
    }

    @Test func readsQuotas() throws {
        var quotas = Quotas()
        try quotas.set("VirtualNode=500")
        try quotas.set("gatewayroute=0")
        #expect(quotas[.virtualNode] == 500)
        #expect(quotas[.gatewayRoute] == 0)
        #expect(quotas[.mesh] == 15)
        for text in ["", "VirtualNode", "Node=1", "Route=-1", "Route=x", "Route=1=2"] {
            #expect(throws: OptionError.self) { try quotas.set(text) }
        }
    }

    @Test func refusesImpossibleOptions() {
        var options = MeshOptions()
        options.account = "12345"
        #expect(throws: OptionError.self) { try MeshServer(options) }
        options = MeshOptions()
        options.faults.failRate = 1.5
        #expect(throws: OptionError.self) { try MeshServer(options) }
        options.faults.failRate = .nan
        #expect(throws: OptionError.self) { try MeshServer(options) }
    }

    @Test func everyQuotaIsKept() async throws {
        let shop = Sample.resources
        for (index, kind) in Kind.allCases.enumerated() {
            let expected = "\(kind.plural)(0)"
            try await withMesh {
                try $0.quotas.set("\(kind.rawValue)=0")
            } _: { probe in
                var refusals: [String] = []
                for resource in shop {
                    let reply = try await probe.create(
                        resource.path,
                        resource.member,
                        resource.name,
                        resource.spec
                    )
                    if reply.errorType == "LimitExceededException" {
                        #expect(reply.status == 400)
                        refusals.append(reply.message)
                    }
                }
                #expect(!refusals.isEmpty, "quota \(index)")
                #expect(refusals.allSatisfy { $0.contains(expected) })
            }
        }
    }

    @Test func backendsHaveAQuota() async throws {
        try await withMesh {
            try $0.quotas.set("Backend=1")
        } _: { probe in
            try await probe.create("/meshes", "meshName", "shop", [:])
            let backends = (0..<2)
                .map { number -> SpecValue in
                    ["virtualService": ["virtualServiceName": .string("s\(number)")]]
                }
            let nodes = "/meshes/shop/virtualNodes"
            let reply = try await probe.create(
                nodes,
                "virtualNodeName",
                "a",
                ["backends": .list(backends)]
            )
            #expect(reply.errorType == "LimitExceededException")
            let one = try await probe.create(
                nodes,
                "virtualNodeName",
                "a",
                ["backends": .list(Array(backends.prefix(1)))]
            )
            #expect(one.status == 200)
        }
    }
}
