import MeshModel

/// One request, without its transport: what is asked, by whom, when.
struct MeshCall: Sendable {
    let operation: Operation
    /// Members of the path: `meshName`, `virtualRouterName`, …; decoded and not empty.
    let names: [String: String]
    let query: [String: String]
    let body: [UInt8]
    /// The region of the credential scope, which ARNs in the answer carry.
    let region: String
    /// Milliseconds since 1970.
    let now: Int64

    /// The mesh that the path names; the empty text for operations on all meshes and on tags.
    var mesh: String { names[Kind.mesh.nameMember] ?? "" }

    /// The name that the path gives to the container of a kind besides the mesh.
    func parent(of kind: Kind) -> String? { kind.parent.flatMap { names[$0.nameMember] } }
}
