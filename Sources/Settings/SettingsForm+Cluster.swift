import Manifests
import MeshModel

/// What concerns the cluster that the agent runs in.
extension SettingsForm {
    mutating func readCluster(_ node: SourceNode) -> ClusterSettings? {
        guard var cluster = Members(node, "cluster", &findings) else { return nil }
        let lease = cluster.take("lease")
        cluster.finish(&findings)
        guard let lease else { return .usual }
        // YAML takes a plain `off` for a truth value; here it is the word.
        if lease.tag == nil, lease.scalar?.text == "off" { return ClusterSettings(lease: nil) }
        guard let name = lease.text("cluster.lease", &findings) else { return nil }
        guard Self.isObjectName(name) else {
            findings.error(
                "badName",
                at: lease.position,
                "cluster.lease is \(quoted(name)), which no object of Kubernetes is called; write "
                    + "lower-case letters, digits and '-', such as plumbline, or off"
            )
            return nil
        }
        return ClusterSettings(lease: name)
    }

    /// A label of DNS, as Kubernetes wants it of most objects.
    private static func isObjectName(_ text: String) -> Bool {
        let dash = UInt8(ascii: "-")
        return (1...63).contains(text.utf8.count) && text.utf8.first != dash
            && text.utf8.last != dash
            && text.utf8.allSatisfy { byte in
                HostName.isDigit(byte) || byte == dash
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            }
    }
}
