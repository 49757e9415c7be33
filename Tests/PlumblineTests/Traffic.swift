import Foundation
import Scripted
import Synchronization

/// Envoy's statistics of a shop with traffic: with each scrape every node has answered a hundred
/// requests more, as well as the test says.
final class Traffic: Sendable {
    private struct Counters {
        var good = 0
        var total = 0
    }

    private struct State {
        var nodes = ["checkout-v1": Counters(), "checkout-v2": Counters()]
        /// Good answers of a hundred; a node that is not here gets no requests.
        var health = ["checkout-v1": 100, "checkout-v2": 100]
    }

    private let state = Mutex(State())
    /// Where the statistics are served.
    let url: String

    private init(_ url: String) { self.url = url }

    /// Serves statistics while the body runs.
    static func serving(_ body: (Traffic) async throws -> Void) async throws {
        let current = Mutex<Traffic?>(nil)
        try await ScriptedServer.serving { _, _ in
            .answer(200, type: "text/plain", current.withLock { $0 }?.scrape() ?? "")
        } _: { endpoint, _ in
            let traffic = Traffic(endpoint + "/stats/prometheus")
            current.withLock { $0 = traffic }
            try await body(traffic)
        }
    }

    /// Good answers of a hundred from now on; nil for no requests at all.
    func setHealth(of node: String, _ percent: Int?) {
        state.withLock { $0.health[node] = percent }
    }

    /// What makes the sample's policy quick, and points it here.
    var variables: [String: String] {
        ["SOAK": "100ms", "INTERVAL": "100ms", "METRICS_URL": url]
    }

    /// The same for a command.
    var flags: [String] {
        variables.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
    }

    private func scrape() -> String {
        state.withLock { state in
            for (node, percent) in state.health {
                state.nodes[node]?.total += 100
                state.nodes[node]?.good += percent
            }
            return state.nodes.sorted { $0.key < $1.key }
                .map { Self.text(of: $0, $1) }.joined()
        }
    }

    private static func text(of node: String, _ counters: Counters) -> String {
        let name = #"envoy_cluster_name="cds_egress_shop_\#(node)_http_8080""#
        return """
            envoy_cluster_upstream_rq_completed{\(name)} \(counters.total)
            envoy_cluster_upstream_rq_xx{\(name),envoy_response_code_class="2"} \(counters.good)
            envoy_cluster_upstream_rq_xx{\(name),envoy_response_code_class="5"} \
            \(counters.total - counters.good)

            """
    }
}
