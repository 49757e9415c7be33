/// How a look at Git and the mesh ended.
package enum LookEnd: String, CaseIterable, Hashable, Sendable {
    /// With a plan, which may be empty.
    case planned
    /// The commit's manifests have errors.
    case refused
    /// The target follows another, which holds nothing yet.
    case waiting
    /// Git, the mesh or the ledger did not answer.
    case failed

    init(_ error: any Error) {
        self =
            switch error {
            case SurveyFailure.refused, SurveyFailure.noMesh: .refused
            case SurveyFailure.waiting: .waiting
            default: .failed
            }
    }
}
