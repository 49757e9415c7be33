import ArgumentParser
import Foundation
import LocalMesh

/// `mesh`: the endpoint that Plumbline brings.
struct MeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh",
        abstract: "Run an App Mesh endpoint of your own.",
        subcommands: [MeshServeCommand.self]
    )
}

/// `mesh serve`: the endpoint in the foreground, until SIGTERM or SIGINT.
struct MeshServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve all 38 operations of the App Mesh API on one address.",
        discussion: """
            The first line on standard output is 'ready http://HOST:PORT', with the real port when \
            0 was asked. On loopback any signature passes; elsewhere only the key pairs of \
            --credentials, in the form of ~/.aws/credentials.
            """
    )

    @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "host:port"))
    var listen = "127.0.0.1:0"

    @Option(help: ArgumentHelp("SQLite file to keep the mesh in (else memory).", valueName: "file"))
    var state: String?

    @Option(help: ArgumentHelp("Added to every request, such as 15ms.", valueName: "duration"))
    var latency: String?

    @Option(help: ArgumentHelp("Length of the bursts of 429 to inject.", valueName: "n"))
    var throttleBurst = 0

    @Option(help: ArgumentHelp("Share of requests answered 500 or 503, 0 to 1.", valueName: "p"))
    var failRate = 0.0

    @Option(help: ArgumentHelp("Share of requests done but not answered, 0 to 1.", valueName: "p"))
    var loseAnswers = 0.0

    @Option(
        help: ArgumentHelp(
            "Longest time a created resource is not found yet, such as 2s.",
            valueName: "duration"
        )
    )
    var lateNotFound: String?

    @Option(help: ArgumentHelp("Of the injected faults and shuffled lists.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(help: "How specs are shown: \(Echo.allCases.map(\.rawValue).joined(separator: ", ")).")
    var echo = Echo.faithful

    @Option(help: ArgumentHelp("A limit, such as VirtualNode=500; repeat.", valueName: "kind=n"))
    var quota: [String] = []

    @Option(help: ArgumentHelp("The owner of everything, 12 digits.", valueName: "account"))
    var account = "000000000000"

    @Option(help: ArgumentHelp("Key pairs whose signatures pass.", valueName: "file"))
    var credentials: String?

    func validate() throws {
        do {
            try options().check()
        } catch {
            throw ValidationError(error.message)
        }
    }

    func run() async throws {
        do {
            let server = try MeshServer(try options(), logger: Terminal.logger("mesh"))
            try await server.runUntilSignalled { port in
                print("ready \(server.endpoint(port))")
                fflush(nil)
            }
        } catch {
            throw CommandFailure(.error, "Serve a mesh on '\(listen)': \(error)")
        }
    }

    private func options() throws(OptionError) -> MeshOptions {
        var options = MeshOptions()
        try options.setListen(listen)
        options.state = state
        options.account = account
        options.echo = echo
        options.seed = seed
        for text in quota { try options.quotas.set(text) }
        if let latency { options.faults.latency = try FaultOptions.duration(latency) }
        if let lateNotFound {
            options.faults.lateNotFound = try FaultOptions.duration(lateNotFound)
        }
        options.faults.throttleBurst = throttleBurst
        options.faults.failRate = failRate
        options.faults.loseAnswers = loseAnswers
        if let credentials { options.credentials = try KeyPairs(file: credentials) }
        return options
    }
}

extension Echo: ExpressibleByArgument {}
