import AWSClient
import ControlAPI
import MeshModel
import Planning
import Reconciler
import Synchronization

/// What `GET /metrics` tells of the targets, the rollouts and the calls to the mesh.
///
/// Names and labels are contracts: the rules and the dashboard in `deploy/monitoring` are written
/// in them. No label holds a commit but that of the one info family, whose old series goes.
struct LiveMetrics {
    let version: String
    let statuses: [TargetStatus]
    /// Attempts at each operation of the App Mesh API, all targets together.
    let calls: [CallCounter.Key: Int]
    let tally: EventTally

    var families: [MetricFamily] {
        [
            MetricFamily(
                "plumbline_build_info",
                .gauge,
                "The version that runs.",
                [MetricFamily.Sample(1, ["version": version])]
            ),
            fact("plumbline_target_synced", "1 while the mesh is what the newest commit declares.")
            {
                $0.sync == .synced
            },
            fact("plumbline_target_healthy", "1 while nothing is held, halted or drifted.") {
                $0.health == .healthy
            },
            fact("plumbline_target_reachable", "1 while looks reach Git and the mesh.") {
                $0.isReachable
            },
            phases, looks, commits, drift, calledOperations,
        ] + tally.families(of: statuses.map(\.name))
    }

    private func fact(
        _ name: String,
        _ help: String,
        _ holds: (TargetStatus) -> Bool
    ) -> MetricFamily {
        gauge(name, help) { [MetricFamily.Sample(holds($0) ? 1 : 0, ["target": $0.name])] }
    }

    private func gauge(
        _ name: String,
        _ help: String,
        _ samples: (TargetStatus) -> [MetricFamily.Sample]
    ) -> MetricFamily {
        MetricFamily(name, .gauge, help, statuses.flatMap(samples))
    }

    private var phases: MetricFamily {
        gauge("plumbline_target_phase", "1 for what the target's loop is at.") { status in
            TargetStatus.Phase.allCases.map { phase in
                MetricFamily.Sample(
                    status.phase == phase ? 1 : 0,
                    ["target": status.name, "phase": phase.rawValue]
                )
            }
        }
    }

    private var looks: MetricFamily {
        gauge("plumbline_target_looked_timestamp_seconds", "When the mesh was last seen.") {
            guard let time = $0.lookedAt else { return [] }
            return [MetricFamily.Sample(Double(time) / 1000, ["target": $0.name])]
        }
    }

    private var commits: MetricFamily {
        gauge("plumbline_target_applied_info", "The commit that was carried out last.") {
            guard let revision = $0.applied else { return [] }
            return [MetricFamily.Sample(1, ["target": $0.name, "commit": revision.commit])]
        }
    }

    private var drift: MetricFamily {
        gauge(
            "plumbline_drift_resources",
            "Resources by how they differed when the mesh was last seen."
        ) { status in
            guard let report = status.drift else { return [] }
            return DriftClass.allCases.filter { $0 != .inSync }
                .map { kind in
                    MetricFamily.Sample(
                        Double(report.findings.count { $0.driftClass == kind }),
                        ["target": status.name, "class": kind.rawValue]
                    )
                }
        }
    }

    private var calledOperations: MetricFamily {
        MetricFamily(
            "plumbline_appmesh_calls_total",
            .counter,
            "Attempts at operations of the App Mesh API, by what came of them.",
            calls.map { key, count in
                MetricFamily.Sample(Double(count), ["operation": key.operation, "code": key.code])
            }
        )
    }
}

/// Counts what the ledger records, by target.
final class EventTally: Sendable {
    private struct Counts {
        var events: [Row: Int] = [:]
        var measurements: [Row: Int] = [:]
        var outcomes: [Row: Int] = [:]
    }

    private struct Row: Hashable {
        let target: String
        let word: String
    }

    private let counts = Mutex(Counts())
    /// Questions to the repository.
    let git = AttemptTally()
    /// Looks at Git and mesh, by target.
    let looks = AttemptTally()

    /// A sink that counts for one target, and passes everything on.
    func counting(_ target: String, beside other: any ProgressSink) -> any ProgressSink {
        CountingProgress(target: target, tally: self, other: other)
    }

    fileprivate func count(_ entry: LedgerEntry, of target: String) {
        counts.withLock {
            $0.events[Row(target: target, word: entry.kind.rawValue), default: 0] += 1
            if entry.kind == .measured, let verdict = entry.payload["verdict"]?.text {
                $0.measurements[Row(target: target, word: verdict), default: 0] += 1
            }
            if entry.kind == .finished, let outcome = entry.payload["outcome"]?.text {
                $0.outcomes[Row(target: target, word: outcome), default: 0] += 1
            }
        }
    }

    /// Every event of every target, from 0 on: the first one is then seen as growth.
    func families(of targets: [String]) -> [MetricFamily] {
        let counts = counts.withLock { $0 }
        let words = EventKind.allCases.map(\.rawValue)
        let events = targets.flatMap { target in words.map { Row(target: target, word: $0) } }
        return [
            MetricFamily(
                "plumbline_events_total",
                .counter,
                "Records of the ledger since the agent started.",
                events.map {
                    let count = Double(counts.events[$0] ?? 0)
                    return MetricFamily.Sample(count, ["target": $0.target, "event": $0.word])
                }
            ),
            Self.family(
                "plumbline_gate_measurements_total",
                "Measurements of gates by their verdict, since the agent started.",
                counts.measurements,
                by: "verdict"
            ),
            Self.family(
                "plumbline_rollouts_total",
                "Rollouts that ended, by how, since the agent started.",
                counts.outcomes,
                by: "outcome"
            ),
        ] + attempts
    }

    private static func family(
        _ name: String,
        _ help: String,
        _ counts: [Row: Int],
        by label: String
    ) -> MetricFamily {
        let samples = counts.map { row, count in
            MetricFamily.Sample(Double(count), ["target": row.target, label: row.word])
        }
        return MetricFamily(name, .counter, help, samples)
    }

    private var attempts: [MetricFamily] {
        git.families(
            ("plumbline_git_attempts_total", "Questions to the repository, by what came of them."),
            ("plumbline_git_attempt_seconds_total", "The time that these took.")
        )
            + looks.families(
                ("plumbline_reconciles_total", "Looks at Git and the mesh, by their end."),
                ("plumbline_reconcile_seconds_total", "The time that these took.")
            )
    }
}

/// Counts, and passes everything on.
private struct CountingProgress: ProgressSink {
    let target: String
    let tally: EventTally
    let other: any ProgressSink

    func report(_ entry: LedgerEntry, _ context: RecordContext) {
        tally.count(entry, of: target)
        other.report(entry, context)
    }

    func found(_ finding: CommitFinding, at revision: Revision) {
        other.found(finding, at: revision)
    }

    func looked(_ end: LookEnd, within time: Duration) {
        tally.looks.count(end.rawValue, of: target, taking: time)
    }

    func warn(_ message: String) { other.warn(message) }
}
