import Logging
import MeshModel

/// The keys of one issuer: fetched when first needed, kept while they are good.
///
/// An unknown key is reason to look again, since issuers rotate, but never more often than the
/// pause allows: whoever makes up key names must not make us call. Keys whose life is over are
/// believed on while the issuer does not answer, up to the age that the options set.
actor OIDCKeys {
    private let discovery: OIDCDiscovery
    private let options: OIDCOptions
    private let logger: Logger

    private var keys: OIDCKeySet?
    private var fetched: Instant?
    private var attempted: Instant?
    /// Shared by everybody who waits meanwhile.
    private var attempt: Task<Void, Never>?

    init(_ discovery: OIDCDiscovery, _ options: OIDCOptions, _ logger: Logger) {
        self.discovery = discovery
        self.options = options
        self.logger = logger
    }

    /// The key of that name, if the issuer has it.
    func key(_ name: OIDCToken.KeyName) async -> OIDCKey? {
        if let keys, let age = age(of: fetched), age < keys.life, let key = keys[name] {
            return key
        }
        if attempt == nil, age(of: attempted).map({ $0 >= options.pause }) ?? true {
            attempted = options.uptime()
            // Not a child of the caller, who may go away while others wait for it.
            attempt = Task { await fetch() }
        }
        await attempt?.value
        guard let age = age(of: fetched), age < options.mostKeyAge else { return nil }
        return keys?[name]
    }

    /// Why the keys cannot be had now; nothing where they can.
    func fault() async -> String? {
        do throws(OIDCFault) {
            _ = try await discovery.keys()
            return nil
        } catch { return error.description }
    }

    private func age(of instant: Instant?) -> Duration? {
        instant.map { options.uptime() - $0 }
    }

    private func fetch() async {
        defer { attempt = nil }
        do throws(OIDCFault) {
            keys = try await discovery.keys()
            fetched = options.uptime()
        } catch {
            let kept = keys == nil ? "nobody of it is let in" : "its last keys are kept for now"
            logger.warning(
                "The keys of an issuer cannot be had",
                metadata: [
                    "issuer": "\(discovery.issuer)", "cause": "\(error.description)",
                    "effect": "\(kept)",
                ]
            )
        }
    }
}
