import AuditLog
import Foundation
import MeshModel
import Planning
import Reconciler

/// The file of `plan --out` and `apply --plan`: a plan with everything that it was made of.
struct PlanFile {
    let path: String

    /// Puts a plan there, whole or not at all, for its owner's eyes: bodies of a mesh are in it.
    func write(_ plan: SavedPlan) throws {
        do {
            try PrivateFile.write(plan.encoded(), to: path)
        } catch let error as SavedPlanError {
            throw CommandFailure(.error, "Save the plan to '\(path.printable)': \(error)")
        }
    }

    /// Reads a plan from a file that anybody may have written.
    func read() throws -> SavedPlan {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw failure("there is no such readable file")
        }
        defer { try? file.close() }
        do {
            let bytes = try file.read(upToCount: SavedPlan.sizeLimit + 1) ?? Data()
            return try SavedPlan(decoding: Array(bytes))
        } catch let error as SavedPlanError {
            throw failure(error.description)
        } catch { throw failure(error.localizedDescription) }
    }

    private func failure(_ reason: String) -> CommandFailure {
        CommandFailure(.error, "Read the plan '\(path.printable)': \(reason.printable)")
    }
}

extension SavedPlan {
    /// Why this plan may not be applied; nothing where no input moved.
    func refusal(at survey: Survey) -> CommandFailure? {
        moved(at: survey).map { refusal($0) }
    }

    func refusal(_ reason: String) -> CommandFailure {
        CommandFailure(
            .refused,
            "Apply plan \(plan.id.prefix(12)): \(reason.printable); nothing was written, plan anew"
        )
    }
}
