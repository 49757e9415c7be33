import Manifests
import MeshModel

/// Who talks to the agent, and to whom it talks: listeners, webhooks, Bitbucket, callers.
extension SettingsForm {
    mutating func readListen(_ node: SourceNode) -> ListenSettings? {
        guard var listen = Members(node, "listen", &findings) else { return nil }
        let webhooks = listen.take("webhooks").flatMap { listenAddress($0, "listen.webhooks") }
        let api = listen.take("api").flatMap { listenAddress($0, "listen.api") }
        listen.finish(&findings)
        if let webhooks, let api, webhooks == api, api.port != 0 {
            findings.error(
                "sameAddress",
                at: node.value(of: "api")?.position ?? node.position,
                "listen.webhooks and listen.api are both \(api); give each a port of its own"
            )
        }
        return ListenSettings(webhooks: webhooks, api: api)
    }

    mutating func readWebhooks(_ node: SourceNode) -> [String]? {
        guard var webhooks = Members(node, "webhooks", &findings) else { return nil }
        let files = webhooks.require("secretFiles", &findings)
            .map { node in elements(node, "webhooks.secretFiles") { $0.path($1, $2) } }
        webhooks.finish(&findings)
        return files
    }

    // MARK: - Bitbucket

    mutating func readBitbucket(_ node: SourceNode) -> BitbucketSettings? {
        guard var bitbucket = Members(node, "bitbucket", &findings) else { return nil }
        let flavor = bitbucket.choice("flavor", BitbucketSettings.Flavor.cloud, &findings)
        let url: String?
        if flavor == .cloud, node.value(of: "url") == nil {
            _ = bitbucket.take("url")
            url = "https://api.bitbucket.org/2.0"
        } else {
            url = bitbucket.requiredText("url", &findings).flatMap { bitbucketURL($0) }
        }
        let repository = bitbucket.requiredText("repository", &findings)
            .flatMap { bitbucketRepository($0) }
        let tokenFile = bitbucket.require("tokenFile", &findings)
            .flatMap { path($0, "bitbucket.tokenFile") }
        bitbucket.finish(&findings)
        guard let flavor, let url, let repository, let tokenFile else { return nil }
        return BitbucketSettings(
            flavor: flavor,
            url: url,
            repository: repository,
            tokenFile: tokenFile
        )
    }

    private mutating func bitbucketURL(_ text: Located<String>) -> String? {
        let title = "bitbucket.url"
        guard let url = webAddress(text, title, example: "https://api.bitbucket.org/2.0") else {
            return nil
        }
        if !url.isEncrypted, !url.host.isLoopback {
            findings.warning(
                "notEncrypted",
                at: text.position,
                "\(title) is not encrypted, and every call carries the token; write https://"
            )
        }
        return text.value
    }

    private mutating func bitbucketRepository(_ text: Located<String>) -> String? {
        let parts = text.value.split(separator: "/", omittingEmptySubsequences: false)
        let isName =
            parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty && part != "." && part != ".."
                    && part.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
            }
        guard isName else {
            findings.error(
                "badRepository",
                at: text.position,
                "bitbucket.repository is \(quoted(text.value)); write WORKSPACE/REPOSITORY, or "
                    + "PROJECT/REPOSITORY of a data center"
            )
            return nil
        }
        return text.value
    }

    // MARK: - Callers

    mutating func readAuth(_ node: SourceNode) -> AuthSettings? {
        guard var auth = Members(node, "auth", &findings) else { return nil }
        let tokens = auth.take("tokens").map { readTokens($0) }
        let issuers = auth.take("issuers").map { readIssuers($0) }
        auth.finish(&findings)
        return AuthSettings(tokens: tokens ?? [], issuers: issuers ?? [])
    }

    private mutating func readTokens(_ node: SourceNode) -> [AuthSettings.Token] {
        checkUnique("name", of: node) {
            ("duplicateName", "there are two tokens \($0); rename one")
        }
        checkUnique("sha256", of: node) { _ in
            ("duplicateToken", "two callers have this token; give each one of its own")
        }
        return elements(node, "auth.tokens", mayBeEmpty: true) { $0.readToken($1, $2) }
    }

    private mutating func readToken(_ node: SourceNode, _ title: String) -> AuthSettings.Token? {
        guard var token = Members(node, title, &findings) else { return nil }
        let name = token.requiredText("name", &findings)
        let role = token.require("role", &findings)
            .flatMap { $0.choice("\(title).role", of: AuthSettings.Role.self, &findings) }
        let digest = token.requiredText("sha256", &findings)
            .flatMap { readDigest($0, "\(title).sha256") }
        let expires = token.require("expires", &findings).flatMap { day($0, "\(title).expires") }
        token.finish(&findings)
        if let expires, expires < today {
            findings.warning(
                "expired",
                at: node.value(of: "expires")?.position ?? node.position,
                "\(title) expired on \(expires) and lets nobody in; remove it, or set a later day"
            )
        }
        guard let name, let role, let digest, let expires else { return nil }
        return AuthSettings.Token(name: name.value, role: role, sha256: digest, expires: expires)
    }

    /// The text is never repeated: somebody may have written the token itself.
    private mutating func readDigest(_ text: Located<String>, _ title: String) -> Digest? {
        let bytes = text.value.utf8
        guard bytes.count == 64, text.value.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            findings.error(
                "badDigest",
                at: text.position,
                "\(title) is no SHA-256; write the 64 hexadecimal digits of the token's digest"
            )
            return nil
        }
        return Digest(hex: text.value.lowercased())
    }

    private mutating func readIssuers(_ node: SourceNode) -> [AuthSettings.Issuer] {
        checkUnique("issuer", of: node) { _ in
            ("duplicateName", "this issuer is listed twice; put its rules together")
        }
        return elements(node, "auth.issuers", mayBeEmpty: true) { $0.readIssuer($1, $2) }
    }

    private mutating func readIssuer(_ node: SourceNode, _ title: String) -> AuthSettings.Issuer? {
        guard var issuer = Members(node, title, &findings) else { return nil }
        let url = issuer.requiredText("issuer", &findings)
            .flatMap { issuerURL($0, "\(title).issuer") }
        let audience = issuer.requiredText("audience", &findings)
        let rules = issuer.require("rules", &findings)
            .map { node in elements(node, "\(title).rules") { $0.readRule($1, $2) } }
        let caFile = issuer.take("caFile").flatMap { path($0, "\(title).caFile") }
        let tokenFile = issuer.take("tokenFile").flatMap { path($0, "\(title).tokenFile") }
        issuer.finish(&findings)
        guard let url, let audience, let rules else { return nil }
        return AuthSettings.Issuer(
            issuer: url,
            audience: audience.value,
            rules: rules,
            caFile: caFile,
            tokenFile: tokenFile
        )
    }

    private mutating func issuerURL(_ text: Located<String>, _ title: String) -> String? {
        let example = "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"
        guard let url = webAddress(text, title, example: example) else { return nil }
        guard url.isEncrypted || url.host.isLoopback else {
            findings.error(
                "notEncrypted",
                at: text.position,
                "\(title) is not encrypted, so its keys prove nothing; write https://"
            )
            return nil
        }
        let oktas = [".okta.com", ".oktapreview.com", ".okta-emea.com"]
        let isOkta = oktas.contains { url.host.name.lowercased().hasSuffix($0) }
        guard !isOkta || url.path.hasPrefix("/oauth2/") else {
            findings.error(
                "badIssuer",
                at: text.position,
                "\(title) is an Okta organisation, whose tokens nobody else can check; write its "
                    + "custom authorization server, https://…/oauth2/default"
            )
            return nil
        }
        return text.value
    }

    private mutating func readRule(_ node: SourceNode, _ title: String) -> AuthSettings.Rule? {
        guard var rule = Members(node, title, &findings) else { return nil }
        let role = rule.require("role", &findings)
            .flatMap { $0.choice("\(title).role", of: AuthSettings.Role.self, &findings) }
        let claims = rule.require("claims", &findings)
            .flatMap { readClaims($0, "\(title).claims") }
        rule.finish(&findings)
        guard let role, let claims else { return nil }
        return AuthSettings.Rule(role: role, claims: claims)
    }

    private mutating func readClaims(_ node: SourceNode, _ title: String) -> [String: String]? {
        if node.entries?.isEmpty ?? false {
            findings.error(
                "noClaims",
                at: node.position,
                "\(title) is empty and would let in whoever the issuer knows; name a claim"
            )
            return nil
        }
        return texts(node, title)
    }
}
