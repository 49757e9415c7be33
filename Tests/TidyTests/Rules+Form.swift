/// Ceilings: what a reader can hold at once.
extension Rule {
    static let fileLength = Rule("at most 400 lines") { source in
        let count = source.lines.last == "" ? source.lines.count - 1 : source.lines.count
        return count > 400 ? [(401, "the file has \(count) lines")] : []
    }

    static let lineLength = Rule("at most 100 columns") { source in
        source.lines.enumerated()
            .compactMap { index, line in
                line.count > 100 ? (index + 1, "the line has \(line.count) columns") : nil
            }
    }

    static let functionLength = Rule("at most 70 lines a function") { source in
        source.functions.filter { $0.lineCount > 70 }
            .map { ($0.firstLine, "'\($0.name)' has \($0.lineCount) lines") }
    }

    /// Initialisers of plain values take what the value has.
    static let parameterCount = Rule("at most 6 parameters") { source in
        source.functions.filter { $0.parameterCount > 6 && !$0.isInitializer }
            .map { ($0.firstLine, "'\($0.name)' takes \($0.parameterCount)") }
    }

    static let nesting = Rule("at most 3 branches inside each other") { source in
        source.functions.filter { $0.depth > 3 }
            .map { ($0.firstLine, "'\($0.name)' nests \($0.depth)") }
    }

    static let folderDepth = Rule("at most two folder levels below Sources") { source in
        let depth = source.path.split(separator: "/").count
        return source.area == "Sources" && depth > 4 ? [(1, "the file lies \(depth - 2) deep")] : []
    }
}
