package import MeshModel

/// The account and region that an ARN names: where a mesh really is.
package struct MeshPlace: Sendable, Hashable {
    package let account: String
    package let region: String

    package init(account: String, region: String) {
        self.account = account
        self.region = region
    }

    /// Reads `arn:aws:appmesh:REGION:ACCOUNT:mesh/…`; nothing for any other text.
    package init?(arn: String) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "appmesh",
            parts[4].utf8.count == 12, parts[4].allSatisfy(\.isASCIIDigit),
            !parts[3].isEmpty, parts[5].hasPrefix("mesh/")
        else { return nil }
        account = String(parts[4])
        region = String(parts[3])
    }

    /// Where the scanned mesh is; nothing for a mesh that is not there yet.
    package init?(of state: MeshState) {
        guard let mesh = state.resources[.mesh(state.mesh)] else { return nil }
        self.init(arn: mesh.arn)
    }

    /// Why this is not the place a target means, or nothing where it is; nil expects anything.
    ///
    /// Asked before the first write: credentials of another account find another mesh of the same
    /// name without any error.
    package func mismatch(account: String?, region: String?) -> String? {
        if let account, account != self.account {
            return "The mesh is in account \(self.account), the target says \(account); "
                + "check the credentials"
        }
        if let region, region != self.region {
            return "The mesh is in region \(self.region), the target says \(region); "
                + "check the region"
        }
        return nil
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
