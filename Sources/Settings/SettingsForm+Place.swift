import Manifests
import MeshModel

/// Where a target's mesh lives: mesh, region, account, endpoint, and the role to go there with.
extension SettingsForm {
    /// The members of a target that say where it is.
    struct Place {
        let mesh: String
        let region: String
        let account: String?
        let endpoint: String?
        let role: String?
    }

    mutating func readPlace(_ target: inout Members) -> Place? {
        let title = target.title
        let mesh = target.requiredText("mesh", &findings).flatMap { meshName($0) }
        let endpoint = target.requiredIfPresent("endpoint", &findings)
        if let endpoint {
            _ = webAddress(endpoint, "\(title).endpoint", example: "https://mesh.example.com")
        }
        let region = target.requiredText("region", &findings)
        if let region { check(region, "\(title).region", isOurs: endpoint != nil) }
        let account = target.requiredIfPresent("account", &findings)
        if let account { check(account: account, "\(title).account") }
        let role = target.requiredIfPresent("role", &findings)
        if let role {
            let problem = RoleARN.problem(
                role.value,
                account: account?.value,
                region: region?.value
            )
            if let problem {
                findings.error("badARN", at: role.position, "\(title).role \(problem)")
            }
        }
        if target.node.value(of: "account") == nil, endpoint == nil {
            findings.warning(
                "noAccount",
                at: target.node.position,
                "\(title) names no account, so nothing keeps its writes from another one; "
                    + "add 'account'"
            )
        }
        guard let mesh, let region else { return nil }
        return Place(
            mesh: mesh,
            region: region.value,
            account: account?.value,
            endpoint: endpoint?.value,
            role: role?.value
        )
    }

    private mutating func meshName(_ text: Located<String>) -> String? {
        guard let problem = Schema.validateName(text.value, kind: .mesh) else { return text.value }
        findings.error(problem.code, at: text.position, problem.message)
        return nil
    }

    /// AWS's regions look alike; an endpoint of one's own may call its place what it likes.
    private mutating func check(_ region: Located<String>, _ title: String, isOurs: Bool) {
        guard !(isOurs ? AWSRegion.isName(region.value) : AWSRegion.isRegion(region.value)) else {
            return
        }
        findings.error(
            "badRegion",
            at: region.position,
            "\(title) is \(quoted(region.value)); write an AWS region such as eu-west-1"
        )
    }

    private mutating func check(account: Located<String>, _ title: String) {
        guard !AWSAccount.isAccount(account.value) else { return }
        findings.error(
            "badAccount",
            at: account.position,
            "\(title) is \(quoted(account.value)); write the 12 digits of an AWS account, in quotes"
        )
    }

    /// Two targets of one mesh each take the other's resources for orphans; a ledger knows a mesh
    /// by its name.
    mutating func checkMeshes(_ targets: [TargetSettings], _ forms: [SourceNode]) {
        var seen: [String: TargetSettings] = [:]
        for target in targets {
            guard let other = seen[target.mesh] else {
                seen[target.mesh] = target
                continue
            }
            let form = forms.first { $0.value(of: "name")?.scalar?.text == target.name }
            let position = form?.value(of: "mesh")?.position ?? form?.position
            let names = "targets \(quoted(other.name)) and \(quoted(target.name))"
            if Self.place(of: target) == Self.place(of: other) {
                findings.warning(
                    "sharedMesh",
                    at: position,
                    "\(names) are the same mesh, and each takes the other's resources for orphans; "
                        + "let one of them have it"
                )
            } else {
                findings.error(
                    "meshName",
                    at: position,
                    "\(names) are two meshes of one name, and a ledger knows a mesh by its name; "
                        + "let a second agent, with a state of its own, have one of them"
                )
            }
        }
    }

    private static func place(of target: TargetSettings) -> [String] {
        [target.region, target.account ?? "", target.endpoint ?? ""]
    }
}

extension Members {
    /// The text of a member that may be absent but not empty.
    fileprivate mutating func requiredIfPresent(
        _ name: String,
        _ findings: inout Findings
    ) -> Located<String>? {
        guard node.value(of: name) != nil else {
            _ = take(name)
            return nil
        }
        return requiredText(name, &findings)
    }
}

/// How AWS names its regions: `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`.
enum AWSRegion {
    static func isRegion(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (3...4).contains(parts.count), let first = parts.first, let last = parts.last,
            (2...4).contains(first.utf8.count), (1...2).contains(last.utf8.count)
        else { return false }
        return parts.dropLast().allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isLetter) }
            && last.utf8.allSatisfy(HostName.isDigit)
    }

    /// Whether it can be part of a signature's scope and of an ARN.
    static func isName(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                isLetter($0) || HostName.isDigit($0) || $0 == UInt8(ascii: "-")
            }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}

/// Twelve digits, which no reader of YAML may take for a number.
enum AWSAccount {
    static func isAccount(_ text: String) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy(HostName.isDigit)
    }
}

/// The ARN of an IAM role.
enum RoleARN {
    /// What keeps a text from being a role of this target; nothing where nothing does.
    static func problem(_ text: String, account: String?, region: String?) -> String? {
        let example = "arn:aws:iam::\(account ?? "111122223333"):role/NAME"
        guard let arn = MeshARN(text), arn.service == "iam", arn.region.isEmpty,
            AWSAccount.isAccount(arn.account), arn.resource.hasPrefix("role/"),
            arn.resource.count > "role/".count
        else { return "is no ARN of a role; write one such as \(example)" }
        if let account, AWSAccount.isAccount(account), account != arn.account {
            return "is a role of account \(quoted(arn.account)), the target's is \(quoted(account))"
        }
        if let region, !arn.isPartition(of: region) {
            return "is in partition \(quoted(arn.partition)), which has no region \(quoted(region))"
        }
        return nil
    }
}
