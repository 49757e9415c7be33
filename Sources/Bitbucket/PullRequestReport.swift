/// What is said on a pull request: the plan of its head for each target.
package struct PullRequestReport: Hashable, Sendable {
    package let number: Int64
    /// The head that was planned, 40 hexadecimal digits.
    package let commit: String
    /// Whether the branch it goes to has commits that its head lacks: a merge changes the plan.
    package let isBehind: Bool
    package let plans: [PlanReport]

    package init(number: Int64, commit: String, isBehind: Bool, plans: [PlanReport]) {
        self.number = number
        self.commit = commit
        self.isBehind = isBehind
        self.plans = plans
    }
}

/// The plan of one target: a report in Code Insights, and a part of the comment.
package struct PlanReport: Hashable, Sendable {
    /// A figure of the report; Bitbucket shows six of them in both flavours.
    package struct Figure: Hashable, Sendable {
        package let title: String
        package let value: Int

        package init(_ title: String, _ value: Int) {
            self.title = title
            self.value = value
        }
    }

    package let key: StatusKey
    package let target: String
    /// Whether a merge would be carried out as it stands.
    package let isPassed: Bool
    /// One line: what would happen.
    package let headline: String
    package let figures: [Figure]
    /// The whole plan, or every finding where there is none.
    package let lines: [String]
    package let annotations: [Annotation]

    package init(
        target: String,
        isPassed: Bool,
        headline: String,
        figures: [Figure] = [],
        lines: [String],
        annotations: [Annotation]
    ) {
        key = StatusKey(target: target)
        self.target = target
        self.isPassed = isPassed
        self.headline = headline
        self.figures = figures
        self.lines = lines
        self.annotations = annotations
    }
}

/// A remark on one line of a manifest.
package struct Annotation: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable, CaseIterable {
        case high = "HIGH"
        case medium = "MEDIUM"
        case low = "LOW"
    }

    /// Relative to the repository's root.
    package let path: String
    package let line: Int
    package let severity: Severity
    package let message: String

    package init(path: String, line: Int, severity: Severity, message: String) {
        self.path = path
        self.line = line
        self.severity = severity
        self.message = message
    }
}
