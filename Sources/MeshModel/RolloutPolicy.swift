/// How changes to some routes are rolled out; lives in Git beside the manifests (`kind:
/// RolloutPolicy`, `apiVersion: plumbline.dev/v1`).
package struct RolloutPolicy: Hashable, Sendable, Codable {
    package enum FailureAction: String, CaseIterable, Hashable, Sendable, Codable {
        case rollback
        case halt
    }

    package let name: String
    /// Which routes; the matching glob with most literal characters decides between policies.
    package let routes: [Glob]
    /// Percent of the way from baseline to desired, rising, ending with 100.
    package let steps: [Int]
    @Milliseconds package private(set) var soak: Duration
    @Milliseconds package private(set) var deadline: Duration
    package let gates: [Gate]
    package let onFailure: FailureAction

    package init(
        name: String,
        routes: [Glob],
        steps: [Int],
        soak: Duration,
        deadline: Duration = .seconds(30 * 60),
        gates: [Gate],
        onFailure: FailureAction = .rollback
    ) {
        self.name = name
        self.routes = routes
        self.steps = steps
        self.soak = soak
        self.deadline = deadline
        self.gates = gates
        self.onFailure = onFailure
    }
}

extension RolloutPolicy {
    /// The policy that governs a route: the one whose matching glob has most literal characters.
    ///
    /// A tie is an error where manifests are read; for routes that only live knows, the first
    /// policy by name decides, so that the answer never depends on the order of files.
    package static func policy(
        for id: ResourceID,
        in policies: [RolloutPolicy]
    ) -> RolloutPolicy? {
        closest(to: id, in: policies).min { $0.name < $1.name }
    }

    /// Every policy with a claim on a route that no other beats; more than one is a tie.
    package static func closest(
        to id: ResourceID,
        in policies: [RolloutPolicy]
    ) -> [RolloutPolicy] {
        let claims = policies.compactMap { policy in
            policy.routes.filter { $0.matches(id) }.map(\.literalCount).max()
                .map { (policy: policy, literals: $0) }
        }
        let best = claims.map(\.literals).max()
        return claims.filter { $0.literals == best }.map(\.policy)
    }
}

/// A condition to hold between steps: where its number comes from and what it must be.
package struct Gate: Hashable, Sendable, Codable {
    /// One series of a text exposition: a metric and the labels it must carry.
    package struct Series: Hashable, Sendable, Codable {
        package let metric: String
        package let labels: [String: String]

        package init(metric: String, labels: [String: String]) {
            self.metric = metric
            self.labels = labels
        }
    }

    /// `${new.node}` and `${old.node}` stand in these texts until a sample is taken.
    package enum Source: Hashable, Sendable, Codable {
        /// Growth of `good` over growth of `total` between two scrapes, in percent.
        case scrape(url: String, good: Series, total: Series)
        /// An instant query of the Prometheus HTTP API that yields one number.
        case prometheus(url: String, query: String)
    }

    package enum NoData: String, CaseIterable, Hashable, Sendable, Codable {
        case hold
        case fail
    }

    package let name: String
    package let source: Source
    package let min: Double?
    package let max: Double?
    /// A growth of the total below this is no data; scrape only.
    package let minRequests: Double
    @Milliseconds package private(set) var every: Duration
    /// Passes a step needs.
    package let samples: Int
    /// The gate fails when a count exceeds its number.
    package let failures: Int
    package let inconclusive: Int
    package let errors: Int
    package let noData: NoData

    package init(
        name: String,
        source: Source,
        min: Double? = nil,
        max: Double? = nil,
        minRequests: Double = 1,
        every: Duration = .seconds(20),
        samples: Int = 3,
        failures: Int = 1,
        inconclusive: Int = 5,
        errors: Int = 3,
        noData: NoData = .hold
    ) {
        self.name = name
        self.source = source
        self.min = min
        self.max = max
        self.minRequests = minRequests
        self.every = every
        self.samples = samples
        self.failures = failures
        self.inconclusive = inconclusive
        self.errors = errors
        self.noData = noData
    }

    /// Whether it asks about the target that loses weight, which an in-place change does not have.
    package var comparesWithOld: Bool {
        let texts: [String] =
            switch source {
            case .prometheus(let url, let query): [url, query]
            case .scrape(let url, let good, let total):
                [url, good.metric, total.metric] + good.labels.values + total.labels.values
            }
        return texts.contains { $0.contains("${old.") }
    }
}

/// What a metric source answered for one sample of one gate; the verdict is the rollout's.
package enum Reading: Hashable, Sendable, Codable {
    /// The two counters of a scrape, as they stand now.
    case counters(good: Double, total: Double)
    case number(Double)
    /// No series, an empty vector, NaN.
    case noData(String)
    /// Several series, infinite values: an answer, but not one to judge by.
    case inconclusive(String)
    /// No answer, or one that is not understood.
    case error(String)
}
