import MeshModel

/// An ARN, cut into the parts that say where something lives.
package struct MeshARN: Hashable, Sendable {
    package let partition: String
    package let service: String
    package let region: String
    package let account: String
    package let resource: String

    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, !parts[5].isEmpty else {
            return nil
        }
        partition = String(parts[1])
        service = String(parts[2])
        region = String(parts[3])
        account = String(parts[4])
        resource = String(parts[5])
    }

    /// Whether AWS has this region in the ARN's partition.
    package func isPartition(of region: String) -> Bool {
        region.hasPrefix("cn-") == (partition == "aws-cn")
            && region.hasPrefix("us-gov-") == (partition == "aws-us-gov")
    }

    /// What keeps this ARN from meaning something of the target, in words.
    ///
    /// App Mesh takes names, not ARNs: the same name would be looked up in the target's own mesh.
    func foreignness(_ settings: ManifestSettings) -> String? {
        guard isPartition(of: region) else {
            return "partition \(quoted(partition)) does not have region \(quoted(region))"
        }
        if let own = settings.region, own != region {
            return "region \(quoted(region)) is not the target's, \(quoted(own))"
        }
        if let own = settings.account, own != account {
            return "account \(quoted(account)) is not the target's, \(quoted(own))"
        }
        return nil
    }

    /// The mesh in `mesh/shop/virtualNode/web`.
    var mesh: String? {
        let parts = resource.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count >= 2 && parts[0] == "mesh" ? String(parts[1]) : nil
    }
}
