import Foundation
import MeshModel
import Subprocess
import SystemPackage

/// The parent's side of a network operation: starts the child, and kills it at the deadline.
struct RemoteChild: Sendable {
    /// Path of a binary that serves `GitChild.subcommand`.
    let executable: String
    let timeout: Duration

    /// A child that dies before it has read its request must not take us along.
    private static let brokenPipesIgnored: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// Longest answer: an outcome with one error text.
    private static let answerLimit = 65_536

    /// Asks one child; cancelling the task, or its deadline, ends the child at once.
    @concurrent
    func ask(_ request: ChildRequest) async throws -> ChildAnswer {
        _ = Self.brokenPipesIgnored
        let bytes = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { try await run(request) }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw GitError(
                    "Fetch",
                    request.address,
                    .timedOut,
                    "no answer within \(timeout.milliseconds / 1000) s",
                    nextStep: "check that the server can be reached, or raise the timeout"
                )
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
        try Task.checkCancellation()
        guard let answer = try? JSONDecoder().decode(ChildAnswer.self, from: Data(bytes)) else {
            throw ended(request, "it gave no answer that can be read")
        }
        return answer
    }

    /// Standard input stays open while the child lives: its closing tells the child that we died.
    private func run(_ request: ChildRequest) async throws -> [UInt8] {
        let line = try JSONEncoder().encode(request) + [UInt8(ascii: "\n")]
        do {
            let result = try await Subprocess.run(
                .path(FilePath(executable)),
                arguments: [GitChild.subcommand],
                environment: Self.environment,
                input: .inputWriter,
                output: .sequence,
                error: .discarded
            ) { execution in
                _ = try await execution.standardInputWriter.write([UInt8](line))
                var answer: [UInt8] = []
                for try await part in execution.standardOutput {
                    part.withUnsafeBytes { answer.append(contentsOf: $0) }
                    guard answer.count <= Self.answerLimit else { break }
                }
                return answer
            }
            guard result.terminationStatus.isSuccess || !result.closureResult.isEmpty else {
                throw ended(request, "it ended with \(result.terminationStatus)")
            }
            return result.closureResult
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw ended(request, "\(error)")
        }
    }

    private func ended(_ request: ChildRequest, _ cause: String) -> GitError {
        GitError(
            "Fetch",
            request.address,
            .childFailed,
            "the Git child process gave up: \(PlainText.line(cause, limit: 200))"
        )
    }

    /// What the dynamic linker needs, and nothing else: the process that parses a stranger's
    /// pack has no business with our cloud credentials.
    private static var environment: Environment {
        let kept = ["PATH", "LD_LIBRARY_PATH", "TMPDIR"]
        let ours = ProcessInfo.processInfo.environment
        var child: [Environment.Key: String] = ["SWIFT_BACKTRACE": "enable=no"]
        for name in kept {
            if let value = ours[name] { child[Environment.Key(stringLiteral: name)] = value }
        }
        return .custom(child)
    }
}
