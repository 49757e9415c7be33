import Foundation
import GitSource
import Testing

/// The files of `manifests/shop`, as a team edits them before it commits.
struct Shop: Sendable {
    private(set) var files: [String: String]

    init() throws {
        let folder = Place.root.appending(path: "manifests/shop")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        files = try Dictionary(
            uniqueKeysWithValues: names.map { name in
                let file = folder.appending(path: name)
                return (name, try String(contentsOf: file, encoding: .utf8))
            }
        )
    }

    /// Replaces what stands in a file; a text that is not there is a mistake of the test.
    mutating func edit(_ file: String, _ old: String, _ new: String) throws {
        let text = try #require(files[file])
        try #require(text.contains(old), "'\(old)' is not in \(file)")
        files[file] = text.replacing(old, with: new)
    }

    /// Sends a share of checkout's traffic to its second version; it must go to the first now.
    mutating func shiftCheckout(to percent: Int) throws {
        let line = "{ virtualNodeRef: { name: checkout-v1 }, weight: 100 }"
        try edit("checkout.yaml", line, line.replacing("100", with: "\(100 - percent)"))
        let new = "{ virtualNodeRef: { name: checkout-v2 }, weight: 0 }"
        try edit("checkout.yaml", new, new.replacing("0 }", with: "\(percent) }"))
    }

    /// The documents of one more service that nobody calls.
    mutating func addService(_ name: String) {
        files["\(name).yaml"] = """
            apiVersion: appmesh.k8s.aws/v1beta2
            kind: VirtualNode
            metadata: { name: \(name), namespace: shop }
            spec:
              awsName: \(name)
              listeners:
                - portMapping: { port: 8080, protocol: http }
              serviceDiscovery:
                dns: { hostname: \(name).shop.svc.cluster.local }

            """
    }

    /// A file without a document, which declares nothing.
    mutating func empty(_ file: String) { files[file] = "# nothing is left\n" }

    /// The files under a folder of a repository.
    func changes(under folder: String = World.path) -> [String: GitChange] {
        Dictionary(
            uniqueKeysWithValues: files.map {
                ("\(folder)/\($0.key)", .write(Array($0.value.utf8)))
            }
        )
    }
}
