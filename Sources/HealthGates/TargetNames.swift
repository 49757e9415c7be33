import AWSClient
import MeshModel

/// Fills `${new.node}` and `${old.node}` in the texts of a gate when a sample is taken.
struct TargetNames {
    private let new: String
    private let old: String?

    init(new: TrafficTarget, old: TrafficTarget?) {
        self.new = new.node
        self.old = old?.node
    }

    /// Where a name is put, and so how it is written there.
    enum Place {
        case address
        /// Inside a quoted string of PromQL.
        case query
        case label
    }

    func fill(_ series: Gate.Series) throws(GateFailure) -> Gate.Series {
        var labels: [String: String] = [:]
        for (name, value) in series.labels { labels[name] = try fill(value, as: .label) }
        return Gate.Series(metric: try fill(series.metric, as: .label), labels: labels)
    }

    func fill(_ text: String, as place: Place) throws(GateFailure) -> String {
        let filled = text.replacing("${new.node}", with: written(new, place))
        guard filled.contains("${old.node}") else { return filled }
        guard let old else {
            throw .inconclusive("the gate names ${old.node}, and nothing old carries traffic here")
        }
        return filled.replacing("${old.node}", with: written(old, place))
    }

    private func written(_ name: String, _ place: Place) -> String {
        switch place {
        case .address: URIEncoding.encode(name)
        case .query: name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        case .label: name
        }
    }
}
