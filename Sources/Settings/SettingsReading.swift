import Manifests
package import MeshModel

extension AgentSettings {
    /// Reads the settings file, with the same parser, bounds and diagnostics as manifests.
    ///
    /// Every problem is reported at once; there are settings only without an error. A relative
    /// path is relative to the folder of `file`, also where a variable of the environment names
    /// it; `EnvironmentOverrides` lists those variables. Total: no input traps.
    package static func read(
        _ bytes: [UInt8],
        file: String,
        environment: [String: String],
        today: CalendarDay
    ) -> (settings: AgentSettings?, diagnostics: [Diagnostic]) {
        let overrides = EnvironmentOverrides(environment)
        var form = SettingsForm(folder: SettingsPath.folder(of: file), today: today)
        let document = form.document(of: SourceFile(path: file, bytes: bytes, isNamed: true))
        let settings = document.flatMap { form.readFile(overrides.applied(to: $0)) }
        for warning in overrides.warnings { form.findings.add(warning) }
        let isSound = !form.findings.hasErrors
        return (isSound ? settings : nil, overrides.named(form.findings.bounded))
    }
}

/// Paths of files and folders on this machine, as texts.
enum SettingsPath {
    /// The folder of a file, with its slash; empty for a file of the working folder.
    static func folder(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "" }
        return String(file[...slash])
    }

    /// A path seen from where the program runs; `..` stays, since a link may stand before it.
    static func resolve(_ path: String, in folder: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        var rest = path[...]
        while rest.hasPrefix("./") { rest = rest.dropFirst(2).drop { $0 == "/" } }
        return rest.isEmpty || rest == "." ? (folder.isEmpty ? "." : folder) : folder + rest
    }
}
