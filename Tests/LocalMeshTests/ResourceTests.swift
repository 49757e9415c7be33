import LocalMesh
import MeshModel
import Testing

/// What a resource is, from its creation to its end.
struct ResourceTests {
    @Test func livesFromVersionOneToDeleted() async throws {
        let clock = TestClock()
        try await withMesh {
            $0.now = { clock.now }
        } _: { probe in
            let made = try await probe.create("/meshes", "meshName", "shop", [:])
            #expect(made.version == 1)
            #expect(made.state == "ACTIVE")
            #expect(made.spec == [:])
            #expect(made.body["metadata"]?["createdAt"] == 1_790_000_000)
            let arn = "arn:aws:appmesh:eu-west-1:000000000000:mesh/shop"
            #expect(made.body["metadata"]?["arn"] == .string(arn))

            clock.advance(by: .milliseconds(1500))
            let changed = try await probe.put(
                "/meshes/shop",
                ["spec": ["egressFilter": ["type": "ALLOW_ALL"]]]
            )
            #expect(changed.version == 2)
            #expect(changed.uid == made.uid)
            #expect(changed.body["metadata"]?["createdAt"] == 1_790_000_000)
            #expect(changed.body["metadata"]?["lastUpdatedAt"] == .number(1_790_000_001.5))

            let emptied = try await probe.put("/meshes/shop", [:])
            #expect(emptied.version == 3)
            #expect(emptied.spec == [:], "an update replaces the whole spec")

            let last = try await probe.delete("/meshes/shop")
            #expect(last.version == 4)
            #expect(last.state == "DELETED")
            #expect(try await probe.get("/meshes/shop").status == 404)

            let again = try await probe.create("/meshes", "meshName", "shop", [:])
            #expect(again.version == 1)
            #expect(again.uid != made.uid, "a new incarnation has a uid of its own")
        }
    }

    @Test func takesTheRegionOfTheCredentialScope() async throws {
        let arns = [
            "eu-west-1": "arn:aws:appmesh:eu-west-1:",
            "cn-north-1": "arn:aws-cn:appmesh:cn-north-1:",
            "us-gov-west-1": "arn:aws-us-gov:appmesh:us-gov-west-1:",
        ]
        try await withMesh {
            $0.account = "123456789012"
        } _: { probe in
            for (region, start) in arns {
                var probe = probe
                let header = Probe.authorization.replacing("eu-west-1", with: region)
                probe.headers["authorization"] = header
                let made = try await probe.create("/meshes", "meshName", region, [:])
                let arn = made.body["metadata"]?["arn"]?.text
                #expect(arn == start + "123456789012:mesh/" + region)
            }
        }
    }

    @Test func fillsInWhatAppMeshFillsIn() async throws {
        try await withMesh { probe in
            try await probe.create("/meshes", "meshName", "shop", [:])
            let check: SpecValue = [
                "protocol": "http", "path": "/", "healthyThreshold": 2, "unhealthyThreshold": 2,
                "intervalMillis": 5000, "timeoutMillis": 2000,
            ]
            let listener: SpecValue = [
                "portMapping": ["port": 8080, "protocol": "http"], "healthCheck": check,
            ]
            let node: SpecValue = [
                "serviceDiscovery": ["dns": ["hostname": "a"]], "listeners": [listener],
            ]
            let nodes = "/meshes/shop/virtualNodes"
            let made = try await probe.create(nodes, "virtualNodeName", "a", node)
            #expect(made.spec["backends"] == [])
            #expect(made.spec["listeners"]?.items?.first?["healthCheck"]?["port"] == 8080)

            let gateways = "/meshes/shop/virtualGateways"
            let gateway = try await probe.create(
                gateways,
                "virtualGatewayName",
                "g",
                ["listeners": [listener]]
            )
            #expect(gateway.spec["listeners"]?.items?.first?["healthCheck"]?["port"] == 8080)
            #expect(gateway.spec["backends"] == nil)
        }
    }

    @Test func percentDecodesNames() async throws {
        try await withMesh { probe in
            try await probe.create("/meshes", "meshName", "shop", [:])
            let services = "/meshes/shop/virtualServices"
            for name in ["a/b", "ä.local", "..", "50%"] {
                let made = try await probe.create(services, "virtualServiceName", name, [:])
                #expect(made.status == 200, "\(name): \(made.message)")
            }
            for path in ["a%2Fb", "%C3%A4.local", "%2e%2e", "50%25"] {
                #expect(try await probe.get(services + "/" + path).status == 200, "\(path)")
            }
            let tagged = try await probe.get(
                "/tags?resourceArn=arn%3Aaws%3Aappmesh%3Aeu-west-1%3A000000000000%3A"
                    + "mesh/shop/virtualService/a%252Fb"
            )
            #expect(tagged.body == ["tags": []])
        }
    }

    @Test func listsInPages() async throws {
        try await withMesh { probe in
            try await probe.create("/meshes", "meshName", "shop", [:])
            let nodes = "/meshes/shop/virtualNodes"
            let names = (0..<7).map { "n\($0)" }
            for name in names.shuffled() {
                try await probe.create(nodes, "virtualNodeName", name, Sample.node)
            }
            var found: [String] = []
            var pages = 0
            var query = "?limit=3"
            while true {
                let page = try await probe.get(nodes + query)
                pages += 1
                let items = page.body["virtualNodes"]?.items ?? []
                found += items.compactMap { $0["virtualNodeName"]?.text }
                #expect(items.allSatisfy { $0["spec"] == nil && $0["uid"] == nil })
                guard let token = page.body["nextToken"]?.text else { break }
                query = "?limit=3&nextToken=" + token.replacing("=", with: "%3D")
            }
            #expect(found == names)
            #expect(pages == 3)
        }
    }

    @Test func anIdenticalUpdateRaisesTheVersionUnlessToldNotTo() async throws {
        for (choice, version) in [(nil, 2), (true, 2), (false, 1)] as [(Bool?, Int64)] {
            try await withMesh {
                $0.raisesVersionOnIdenticalUpdate = choice
            } _: { probe in
                try await probe.create("/meshes", "meshName", "shop", [:])
                let same = try await probe.put("/meshes/shop", ["spec": [:]])
                #expect(same.version == version)
            }
        }
    }

    @Test func writesSideBySideAreWritesInARow() async throws {
        try await withMesh { probe in
            try await probe.create("/meshes", "meshName", "shop", [:])
            let versions = try await withThrowingTaskGroup(of: Int64?.self) { group in
                for _ in 0..<60 {
                    group.addTask { try await probe.put("/meshes/shop", [:]).version }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(versions) == Set((2...61).map { Int64($0) }))
        }
    }

    @Test func countsRequestsByOperation() async throws {
        let server = try MeshServer()
        try await server.serving { endpoint in
            let probe = Probe(endpoint: endpoint)
            try await probe.create("/meshes", "meshName", "shop", [:])
            _ = try await probe.get("/meshes")
            _ = try await probe.get("/meshes/shop")
            _ = try await probe.get("/meshes/nope")
        }
        let expected = ["CreateMesh": 1, "ListMeshes": 1, "DescribeMesh": 2]
        #expect(server.counts.byName == expected)
        #expect(server.counts.total == 4)
    }
}
