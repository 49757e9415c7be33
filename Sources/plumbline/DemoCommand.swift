import ArgumentParser
import Foundation
import MeshModel

/// `plumbline demo`: the whole story on loopback, with real parts only.
///
/// LocalMesh, a Git repository, HTTP servers and customers are started here; everything between a
/// commit and the mesh runs as it does in `apply`, `drift` and `audit verify`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Tells the whole story on loopback: no AWS account, no cluster, no network.",
        discussion: """
            A first apply in waves, a canary behind its gate, a bad version that is rolled back \
            and held while another team's commit goes through, a stranger's edit found and put \
            right, and the ledger verified. Takes well under a minute.
            """
    )

    @Option(help: ArgumentHelp("The sample to begin with.", valueName: "dir"))
    var manifests = "manifests/shop"

    @Option(help: ArgumentHelp("Keep ledger and repository here (else removed).", valueName: "dir"))
    var state: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let folder = try workFolder()
        defer { if state == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let story: DemoStory.Teller = output.output == .json ? .events : .words
        let stops = StopSignals()
        let started = ContinuousClock.now
        do {
            let files = try DemoTeam.sample(manifests)
            try await DemoStage.serving { stage in
                let team = DemoTeam(folder: folder + "/team", files: files)
                try await DemoStory(
                    stage: stage,
                    team: team,
                    folder: folder,
                    teller: story,
                    stops: stops
                )
                .tell()
            }
        } catch {
            let failure = CommandFailure(error)
            if output.output == .json { finish(.error, ["message": .string(failure.message)]) }
            throw failure
        }
        if output.output == .json { return finish(.fine, [:]) }
        let seconds = (ContinuousClock.now - started).milliseconds / 1000
        Terminal.output("\nDone in \(seconds) s. Next: README.md, 'By hand'.")
        if let state { Terminal.output("Kept: plumbline audit log --state \(state)/state") }
    }

    private func finish(_ exit: ExitStatus, _ members: [String: SpecValue]) {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        EventProgress(target: DemoStory.mesh).finish(exit, members, at: now)
    }

    private func workFolder() throws -> String {
        guard let state else {
            let name = "plumbline-demo-\(UUID().uuidString)"
            return FileManager.default.temporaryDirectory.appending(path: name).path
        }
        guard !FileManager.default.fileExists(atPath: state) else {
            throw CommandFailure(
                .error,
                "Keep the demo in '\(state)': it is there; give a new folder"
            )
        }
        return state
    }
}
