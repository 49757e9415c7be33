import Foundation

/// What each module may know, and what the pure ones may not even mention.
extension Rule {
    /// The pure modules decide; they neither wait, nor read clocks, draw lots, log or touch disks.
    static let pureWords = Rule("pure modules only compute", in: Place.inPureTargets) { source in
        let words: Set<String> = [
            "async", "await", "Task", "TaskGroup", "AsyncStream", "ContinuousClock",
            "SuspendingClock", "SystemRandomNumberGenerator", "Logger", "FileManager",
            "FileHandle", "ProcessInfo", "DispatchQueue", "URLSession", "getenv", "Thread",
            "Regex", "NSRegularExpression", "Mutex",
        ]
        let calls: Set<String> = ["Date", "UUID", "print", "debugPrint", "dump", "readLine"]
        let draws: Set<String> = ["random", "randomElement", "shuffled", "shuffle"]
        return source.tokens.indices.compactMap { index in
            let token = source.tokens[index]
            let next = index + 1 < source.tokens.count ? source.tokens[index + 1].text : ""
            if words.contains(token.text) { return (token.line, "'\(token.text)'") }
            if next == "(", calls.contains(token.text) { return (token.line, "'\(token.text)('") }
            if token.text == "actor", next.first?.isUppercase ?? false {
                return (token.line, "an actor")
            }
            guard next == "(", draws.contains(token.text) else { return nil }
            let arguments = source.tokens[index + 1..<source.end(ofBracketAt: index + 1)]
            let isSeeded = arguments.contains { $0.text == "using" }
            return isSeeded ? nil : (token.line, "'\(token.text)' without 'using:'")
        }
    }

    static let imports = Rule("imports follow the flow", in: Place.inSources) { source in
        let ours: [String: Set<String>] = [
            "MeshModel": [],
            "Manifests": ["MeshModel"],
            "Planning": ["MeshModel"],
            "Rollout": ["MeshModel", "Planning"],
            "Settings": ["MeshModel", "Manifests", "Planning"],
            "Reconciler": ["MeshModel", "Manifests", "Planning", "Rollout"],
        ]
        let others: [String: Set<String>] = [
            "MeshModel": ["Crypto", "FoundationEssentials"],
            "Manifests": ["Yams", "FoundationEssentials"],
            "Planning": ["FoundationEssentials"],
            "Rollout": ["FoundationEssentials"],
            "Settings": [],
        ]
        return source.imports.compactMap { token in
            if Place.modules.contains(token.text), let ours = ours[source.target] {
                return ours.contains(token.text) ? nil : (token.line, "imports \(token.text)")
            }
            guard let others = others[source.target], !Place.modules.contains(token.text) else {
                return nil
            }
            return others.contains(token.text) ? nil : (token.line, "imports \(token.text)")
        }
    }

    /// Adapters are leaves; `AWSClient` is a library that any of them may use.
    static let adapters = Rule("adapters know nobody", in: Place.inSources) { source in
        guard Place.adapters.contains(source.target) else { return [] }
        let allowed: Set<String> = ["MeshModel", "AWSClient"]
        return source.imports.filter { Place.modules.subtracting(allowed).contains($0.text) }
            .map { ($0.line, "imports \($0.text)") }
    }

    static let ports = Rule("only Live*.swift joins ports and adapters") { source in
        guard source.target == "plumbline", !source.fileName.hasPrefix("Live") else { return [] }
        let names = Set(source.imports.map(\.text))
        let adapters = names.intersection(Place.adapters)
        guard names.contains("Reconciler"), let adapter = adapters.min() else { return [] }
        return [(1, "imports Reconciler and \(adapter)")]
    }

    /// A server that judged equality as the client does would agree with it by construction.
    static let serverJudgement = Rule("LocalMesh has a judgement of its own") { source in
        guard source.area == "Sources", source.target == "LocalMesh" else { return [] }
        let words: Set<String> = ["normalForm", "NormalForm"]
        let named = source.tokens.filter { words.contains($0.text) }
            .map { ($0.line, "names '\($0.text)'") }
        let calls = ["equal", "digest", "diff"]
            .flatMap { word in
                source.occurrences(of: "Schema", ".", word)
                    .map { (source.tokens[$0].line, "calls 'Schema.\(word)'") }
            }
        return named + calls
    }

    /// Field names stand in the schema only; the others read specs through its views.
    static let specSubscripts = Rule("specs are read through views", in: Place.inSources) {
        source in
        guard source.target != "MeshModel" else { return [] }
        let fields = SchemaFields.all
        return source.uncommentedLines.enumerated()
            .compactMap { index, line in
                let parts = line.components(separatedBy: "[\"")
                let names = zip(parts, parts.dropFirst())
                    .compactMap { before, after -> String? in
                        guard let last = before.last, last.isLetter || ")]?!".contains(last),
                            let end = after.range(of: "\"]")
                        else { return nil }
                        let name = String(after[..<end.lowerBound])
                        return fields.contains(name) ? name : nil
                    }
                return names.first.map { (index + 1, "reads [\"\($0)\"]") }
            }
    }
}
