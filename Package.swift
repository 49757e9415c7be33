// swift-tools-version: 6.2

import PackageDescription

/// Settings of every Swift target: the language as it will be, and no warning left standing.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let asyncHTTPClient = Target.Dependency.product(
    name: "AsyncHTTPClient",
    package: "async-http-client"
)
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle = Target.Dependency.product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "plumbline",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "plumbline", targets: ["plumbline"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // Pure: values in, values out. TidyTests holds them to it.
        .target(name: "MeshModel", dependencies: [crypto], swiftSettings: settings),
        .target(name: "Manifests", dependencies: ["MeshModel", yams], swiftSettings: settings),
        .target(name: "Planning", dependencies: ["MeshModel"], swiftSettings: settings),
        .target(
            name: "Rollout",
            dependencies: ["MeshModel", "Planning"],
            swiftSettings: settings
        ),
        .target(
            name: "Settings",
            dependencies: ["MeshModel", "Manifests", "Planning"],
            swiftSettings: settings
        ),

        // The loop and its ports.
        .target(
            name: "Reconciler",
            dependencies: ["MeshModel", "Manifests", "Planning", "Rollout", logging],
            swiftSettings: settings
        ),

        // Adapters: leaves, which know neither the reconciler nor each other.
        .systemLibrary(
            name: "CLibgit2",
            pkgConfig: "libgit2",
            providers: [.apt(["libgit2-dev"])]
        ),
        .target(
            name: "GitSource",
            dependencies: ["CLibgit2", "MeshModel", crypto, subprocess, systemPackage],
            swiftSettings: settings
        ),
        .target(
            name: "AWSClient",
            dependencies: [
                asyncHTTPClient, crypto, logging, nioCore, nioHTTP1, nioPosix, nioSSL,
                systemPackage,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "AWSMesh",
            dependencies: ["MeshModel", "AWSClient", logging],
            swiftSettings: settings
        ),
        .target(
            name: "HealthGates",
            dependencies: ["MeshModel", "AWSClient", asyncHTTPClient, nioCore, nioHTTP1],
            swiftSettings: settings
        ),
        .target(
            name: "AuditLog",
            dependencies: ["MeshModel", crypto, grdb],
            swiftSettings: settings
        ),
        .target(
            name: "LocalMesh",
            dependencies: [
                "MeshModel", "AWSClient", crypto, grdb, httpTypes, hummingbird, logging, nioCore,
                serviceLifecycle,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "ControlAPI",
            dependencies: [
                "MeshModel", "AWSClient", asyncHTTPClient, crypto, httpTypes, hummingbird,
                hummingbirdCore, jwtKit, logging, nioCore, nioHTTP1, nioSSL, serviceLifecycle,
            ],
            swiftSettings: settings
        ),

        .target(
            name: "Bitbucket",
            dependencies: [
                "MeshModel", "AWSClient", asyncHTTPClient, logging, nioCore, nioHTTP1,
            ],
            swiftSettings: settings
        ),

        .target(
            name: "Cluster",
            dependencies: [
                "MeshModel", "AWSClient", asyncHTTPClient, logging, nioCore, nioHTTP1, nioSSL,
            ],
            swiftSettings: settings
        ),

        .executableTarget(
            name: "plumbline",
            dependencies: [
                "MeshModel", "Manifests", "Planning", "Rollout", "Settings", "Reconciler",
                "GitSource", "AWSClient", "AWSMesh", "HealthGates", "AuditLog", "LocalMesh",
                "ControlAPI", "Bitbucket", "Cluster",
                argumentParser, asyncHTTPClient, httpTypes, hummingbird, logging, nioCore, nioHTTP1,
                serviceLifecycle, subprocess, systemPackage,
            ],
            exclude: ["Schemas"],
            swiftSettings: settings
        ),

        // Figures, not judgements: what a reconciliation costs.
        .executableTarget(
            name: "bench",
            dependencies: [
                "MeshModel", "Manifests", "Planning", "AWSClient", "AWSMesh", "AuditLog",
                "ControlAPI", "GitSource", "LocalMesh", asyncHTTPClient, logging, nioCore, nioHTTP1,
            ],
            path: "Benchmarks",
            swiftSettings: settings
        ),

        // Fakes with rules and the seeded simulator, linked by tests and by `simulate` only.
        .target(
            name: "Simulation",
            dependencies: ["MeshModel", "Planning", "Rollout"],
            path: "Tests/Simulation",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "simulate",
            dependencies: ["Simulation", "MeshModel"],
            path: "Tests/Simulate",
            swiftSettings: settings
        ),

        // Peers of the network adapters that answer, lie and fall silent as tests say.
        .target(
            name: "Scripted",
            dependencies: [
                "AWSClient", nioCore, nioHTTP1, nioPosix, nioSSL, subprocess, systemPackage,
            ],
            path: "Tests/Scripted",
            swiftSettings: settings
        ),

        .testTarget(
            name: "MeshModelTests",
            dependencies: ["MeshModel"],
            exclude: ["Model"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ManifestsTests",
            dependencies: ["Manifests", "MeshModel"],
            exclude: ["Fixtures"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SettingsTests",
            dependencies: ["Settings", "Planning", "MeshModel"],
            exclude: ["Fixtures"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PlanningTests",
            dependencies: ["Planning", "Manifests", "MeshModel"],
            exclude: ["Golden"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RolloutTests",
            dependencies: ["Rollout", "Planning", "MeshModel", "Simulation"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ReconcilerTests",
            dependencies: [
                "plumbline", "Reconciler", "Rollout", "Planning", "Manifests", "MeshModel",
                "AuditLog", "AWSMesh", "AWSClient", "ControlAPI", "GitSource", "LocalMesh",
                "Scripted", "Simulation", logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GitSourceTests",
            dependencies: [
                "GitSource", "MeshModel", "Scripted", httpTypes, nioHTTP1, subprocess,
                systemPackage,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AWSClientTests",
            dependencies: ["AWSClient", "Scripted", nioHTTP1, logging, systemPackage],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AWSMeshTests",
            dependencies: [
                "AWSMesh", "AWSClient", "LocalMesh", "MeshModel", "Scripted", logging,
            ],
            exclude: ["Recorded"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HealthGatesTests",
            dependencies: [
                "HealthGates", "MeshModel", httpTypes, hummingbird, logging, nioCore,
                serviceLifecycle, subprocess, systemPackage,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AuditLogTests",
            dependencies: ["AuditLog", "MeshModel", "Scripted", crypto, grdb],
            swiftSettings: settings
        ),
        .testTarget(
            name: "LocalMeshTests",
            dependencies: [
                "LocalMesh", "AWSClient", "MeshModel", asyncHTTPClient, logging, nioCore, nioHTTP1,
                subprocess, systemPackage,
            ],
            exclude: ["Conformance"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ControlAPITests",
            dependencies: [
                "ControlAPI", "MeshModel", "Scripted", "Simulation", crypto, cryptoExtras, jwtKit,
                nioCore, nioPosix, subprocess, systemPackage,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BitbucketTests",
            dependencies: [
                "Bitbucket", "AWSClient", "MeshModel", "Scripted", asyncHTTPClient, httpTypes,
                hummingbird, logging, nioCore, nioHTTP1,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ClusterTests",
            dependencies: [
                "Cluster", "MeshModel", "Scripted", "Simulation", logging, nioHTTP1,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PlumblineTests",
            dependencies: [
                "MeshModel", "AWSClient", "AuditLog", "ControlAPI", "GitSource", "Scripted",
                asyncHTTPClient, grdb, nioCore, nioHTTP1, subprocess, systemPackage,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DeployTests",
            dependencies: ["MeshModel", "Settings", subprocess, systemPackage, yams],
            swiftSettings: settings
        ),
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
