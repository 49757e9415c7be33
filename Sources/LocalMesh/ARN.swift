import MeshModel

/// `arn:aws:appmesh:REGION:ACCOUNT:mesh/M/virtualNode/N`.
struct ARN: Hashable {
    let region: String
    let account: String
    let id: ResourceID

    init(of id: ResourceID, region: String, account: String) {
        self.region = region
        self.account = account
        self.id = id
    }

    /// Reads what `text` writes; the partition must be the region's.
    init?(_ text: String) {
        let parts = text.split(
            separator: ":",
            maxSplits: 5,
            omittingEmptySubsequences: false
        )
        guard parts.count == 6, parts[0] == "arn", parts[2] == "appmesh" else { return nil }
        let segments = parts[5]
            .split(
                separator: "/",
                maxSplits: 2,
                omittingEmptySubsequences: false
            )
        guard segments.count >= 2, segments[0] == "mesh" else { return nil }
        let mesh = String(segments[1])
        guard let id = ResourceID(address: String(parts[5]), mesh: mesh) else { return nil }
        self.init(of: id, region: String(parts[3]), account: String(parts[4]))
        guard parts[1] == partition else { return nil }
    }

    var text: String {
        ["arn", partition, "appmesh", region, account, id.fullAddress].joined(separator: ":")
    }

    private var partition: String {
        if region.hasPrefix("cn-") { return "aws-cn" }
        return region.hasPrefix("us-gov-") ? "aws-us-gov" : "aws"
    }
}
