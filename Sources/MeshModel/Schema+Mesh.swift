/// The mesh itself, virtual services and virtual routers.
extension Schema {
    // MARK: Mesh

    static let egressFilter: Shape = [.required("type", .choice("ALLOW_ALL", "DROP_ALL"))]

    static let meshServiceDiscovery: Shape = [.optional("ipPreference", ipPreference)]

    static let mesh: Shape = [
        .optional(
            "egressFilter",
            .shape(egressFilter),
            default: .value(["type": "DROP_ALL"])
        ),
        .optional("serviceDiscovery", .shape(meshServiceDiscovery), crd: "meshServiceDiscovery"),
    ]

    // MARK: Virtual service

    static let virtualNodeProvider: Shape = [
        .required("virtualNodeName", .name(of: .virtualNode), crd: "virtualNodeRef")
    ]

    static let virtualRouterProvider: Shape = [
        .required("virtualRouterName", .name(of: .virtualRouter), crd: "virtualRouterRef")
    ]

    static let virtualServiceProvider = Shape.union([
        .optional("virtualNode", .shape(virtualNodeProvider)),
        .optional("virtualRouter", .shape(virtualRouterProvider)),
    ])

    static let virtualService: Shape = [
        .optional("provider", .shape(virtualServiceProvider))
    ]

    // MARK: Virtual router

    static let virtualRouterListener = Shape(
        [.required("portMapping", .shape(portMapping))],
        meaning: .listener
    )

    static let virtualRouter: Shape = [
        .optional("listeners", .list(of: .shape(virtualRouterListener)))
    ]
}
