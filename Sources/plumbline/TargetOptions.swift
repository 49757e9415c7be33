import ArgumentParser
import Foundation
import MeshModel
import Planning

/// Where the commit comes from, where the mesh is, and where the ledger lies: the flags that
/// `plan`, `apply` and `drift` share.
struct TargetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The agent's settings file, instead of all other flags of the target.",
            valueName: "file"
        )
    )
    var config: String?

    @Option(help: "With --config: which target, where the file has several.")
    var target: String?

    @Option(help: "The repository: a path, file://, https:// or ssh:// URL. Default: here.")
    var repo: String?

    @Option(help: "Branch, tag or full commit to read; never the work tree. Default: main.")
    var ref: String?

    @Option(help: "The folder of the manifests inside the repository. Default: all of it.")
    var path: String?

    @Option(help: "The mesh of documents that name none.")
    var mesh: String?

    @OptionGroup var place: EndpointOptions

    @Option(
        help: "The folder of ledger, keys and mirror; made when missing. Default: .plumbline."
    )
    var state: String?

    @Option(name: .customLong("set"), help: "A variable, NAME=VALUE; repeatable.")
    var assignments: [Assignment] = []

    @Option(help: "The namespace of documents that name none. Default: default.")
    var namespace: String?

    @OptionGroup(title: "Repository access") var git: GitAccessOptions

    func validate() throws {
        let texts =
            [
                ("--config", config), ("--target", target), ("--repo", repo), ("--ref", ref),
                ("--mesh", mesh), ("--endpoint", place.endpoint), ("--region", place.region),
                ("--state", state), ("--namespace", namespace),
            ] + git.files
        if let empty = texts.first(where: { $0.1 == "" }) {
            throw ValidationError("\(empty.0) needs a value")
        }
        guard config != nil else { return }
        let flags: [(String, Bool)] =
            [
                ("--repo", repo != nil), ("--ref", ref != nil), ("--path", path != nil),
                ("--mesh", mesh != nil), ("--endpoint", place.endpoint != nil),
                ("--region", place.region != nil), ("--state", state != nil),
                ("--set", !assignments.isEmpty), ("--namespace", namespace != nil),
                ("--git-username", git.username != nil),
            ] + git.files.map { ($0.0, $0.1 != nil) }
        guard let given = flags.first(where: { $0.1 }) else { return }
        throw ValidationError("--config says it all; leave out \(given.0)")
    }
}

/// Who we are to the repository; secrets stand in files, never in arguments.
struct GitAccessOptions: ParsableArguments {
    @Option(
        name: .customLong("git-username"),
        help: "User name for https://; the password comes from --git-password-file."
    )
    var username: String?

    @Option(
        name: .customLong("git-password-file"),
        help: "A file that holds the repository's token or password."
    )
    var passwordFile: String?

    @Option(
        name: .customLong("git-ssh-key"),
        help: ArgumentHelp(
            "The private key for ssh://. Default: ~/.ssh/id_ed25519.",
            valueName: "file"
        )
    )
    var sshKey: String?

    @Option(
        name: .customLong("git-ssh-passphrase-file"),
        help: ArgumentHelp("The passphrase of that key, if it has one.", valueName: "file")
    )
    var sshPassphraseFile: String?

    @Option(
        name: .customLong("git-ssh-known-hosts"),
        help: ArgumentHelp(
            "The host keys that are right; no others are. Default: ~/.ssh/known_hosts.",
            valueName: "file"
        )
    )
    var sshKnownHosts: String?

    /// Flags that name files.
    var files: [(String, String?)] {
        [
            ("--git-password-file", passwordFile), ("--git-ssh-key", sshKey),
            ("--git-ssh-passphrase-file", sshPassphraseFile),
            ("--git-ssh-known-hosts", sshKnownHosts),
        ]
    }
}

/// Where the App Mesh API is; the flags that every command which talks to it shares.
struct EndpointOptions: ParsableArguments {
    @Option(
        help: """
            The App Mesh endpoint. Default: AWS_ENDPOINT_URL_APP_MESH, AWS_ENDPOINT_URL, else AWS \
            (which ended App Mesh on 2026-09-30; 'plumbline mesh serve' is one to run yourself).
            """
    )
    var endpoint: String?

    @Option(help: "AWS region. Default: AWS_REGION, AWS_DEFAULT_REGION, the shared config file.")
    var region: String?
}

/// Values that commands and their help share.
enum Defaults {
    /// Relative to the working folder, as `.git` and `.terraform` are.
    static let state = ".plumbline"
}

/// What a person allows beyond the default, the same for `plan` and `apply`.
struct ChangeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take over live resources that the ledger does not know; without a glob, all of them.",
            valueName: "glob"
        )
    )
    var adopt: [String] = []

    @Flag(
        help: """
            Where the ledger was lost: take over what its tags name into the new, empty one.
            """
    )
    var fromTags = false

    @Option(help: ArgumentHelp("Change only these; repeatable.", valueName: "glob"))
    var only: [String] = []

    @Flag(help: "Delete what is no longer declared; without it orphans are only listed.")
    var prune = false

    @Option(help: ArgumentHelp("Delete up to so many (else 5, and 20 %).", valueName: "n"))
    var allowDeletes: Int?

    @Flag(help: "Let pruning delete the mesh itself.")
    var deleteMesh = false

    @Flag(help: "Create again what is missing, however much it is.")
    var recreate = false

    @Option(help: ArgumentHelp("Try content again that failed its gates.", valueName: "glob"))
    var release: [String] = []

    @Flag(help: "Go on from a branch that no longer contains what was applied last.")
    var acceptRewind = false

    func validate() throws {
        if let allowDeletes, allowDeletes < 0 {
            throw ValidationError("--allow-deletes must be 0 or more")
        }
        if (adopt + only + release).contains("") {
            throw ValidationError("an empty glob matches nothing; write 'virtualRouter/*/route/*'")
        }
    }

    /// The first of the flags that somebody gave.
    var given: String? {
        let flags: [(String, Bool)] = [
            ("--adopt", !adopt.isEmpty), ("--from-tags", fromTags), ("--only", !only.isEmpty),
            ("--prune", prune),
            ("--allow-deletes", allowDeletes != nil), ("--delete-mesh", deleteMesh),
            ("--recreate", recreate), ("--release", !release.isEmpty),
            ("--accept-rewind", acceptRewind),
        ]
        return flags.first { $0.1 }?.0
    }

    var planOptions: PlanOptions {
        PlanOptions(
            adopt: adopt.contains(AdoptOption.everything)
                ? .all : Selection(adopt, otherwise: .none),
            fromTags: fromTags,
            only: Selection(only, otherwise: .all),
            release: Selection(release, otherwise: .none),
            prune: prune,
            allowDeletes: allowDeletes,
            deleteMesh: deleteMesh,
            recreate: recreate,
            acceptsRewind: acceptRewind
        )
    }
}

extension Selection {
    /// No glob at all means `otherwise`.
    fileprivate init(_ globs: [String], otherwise: Selection) {
        self = globs.isEmpty ? otherwise : .matching(globs.map { Glob($0) })
    }
}

/// `--adopt [GLOB]`: the argument parser knows no option whose value may be absent.
enum AdoptOption {
    static let everything = "**"

    /// Gives a bare `--adopt` the value that means everything.
    static func completed(_ arguments: [String]) -> [String] {
        arguments.indices.map { index in
            guard arguments[index] == "--adopt" else { return arguments[index] }
            let next = index + 1 < arguments.count ? arguments[index + 1] : "-"
            return next.hasPrefix("-") ? "--adopt=\(everything)" : "--adopt"
        }
    }
}
