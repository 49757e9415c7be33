import Foundation
import Testing

@testable import Cluster

/// What the kubelet puts into a pod, and what is missing elsewhere.
@Suite("Service account") struct ServiceAccountTests {
    @Test("is the API server of the environment, with the token and namespace of the folder")
    func found() throws {
        try Self.folder(["token": "t\n", "namespace": "mesh\n", "ca.crt": "roots"]) { folder in
            let environment = [
                "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443",
            ]
            let found = try ServiceAccount(environment: environment, folder: folder)
            let account = try #require(found)
            #expect(account.server == "https://[fd00::1]:6443")
            #expect(account.namespace == "mesh")
            #expect(account.rootsFile == "\(folder)/ca.crt")
            let token = try account.token()
            #expect(token == "t")
        }
    }

    @Test("is none outside a cluster, and where the pod was given no token") func none() throws {
        try Self.folder(["token": "t", "namespace": "mesh"]) { folder in
            let account = try ServiceAccount(environment: [:], folder: folder)
            #expect(account == nil)
        }
        try Self.folder(["namespace": "mesh"]) { folder in
            let environment = ["KUBERNETES_SERVICE_HOST": "10.0.0.1"]
            let account = try ServiceAccount(environment: environment, folder: folder)
            #expect(account == nil)
        }
    }

    @Test(
        "is refused with a namespace that is no name",
        arguments: ["", "a/b", "1/../x", "-a", "A", "a b", String(repeating: "a", count: 64)]
    )
    func namespaces(text: String) throws {
        try Self.folder(["token": "t", "namespace": text]) { folder in
            let environment = ["KUBERNETES_SERVICE_HOST": "10.0.0.1"]
            #expect(throws: ClusterError.self) {
                try ServiceAccount(environment: environment, folder: folder)
            }
        }
    }

    @Test("has no token that could break out of a header, and no message shows it")
    func tokens() throws {
        let tokens = [
            "", "a b", "sesame\r\nx: y", "sesäme", String(repeating: "x", count: 1 << 17),
        ]
        for token in tokens {
            try Self.folder(["token": token, "namespace": "mesh"]) { folder in
                let account = ServiceAccount(
                    server: "http://127.0.0.1:1",
                    namespace: "mesh",
                    tokenFile: "\(folder)/token"
                )
                let error = #expect(throws: ClusterError.self) { try account.token() }
                #expect(error?.description.contains("ses") == false)
            }
        }
    }

    private static func folder(
        _ files: [String: String],
        _ body: (String) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "plumbline-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            try Data(text.utf8).write(to: folder.appending(path: name))
        }
        try body(folder.path)
    }
}
