/// A piece of a YAML file that starts at a `---` line, or at the file's start.
struct DocumentText: Hashable, Sendable {
    let bytes: ArraySlice<UInt8>
    /// Lines of the file before this piece.
    let lineOffset: Int

    /// Cuts a file at its `---` lines, so that one bad document hides no other.
    ///
    /// YAML allows `---` at the start of a line nowhere but between documents, not even inside
    /// quotes or block scalars, so the cut needs no parsing.
    static func cut(_ bytes: [UInt8]) -> [DocumentText] {
        var pieces: [DocumentText] = []
        var start = bytes.startIndex
        var startLine = 0
        var line = 0
        var position = bytes.startIndex
        while position < bytes.endIndex {
            if position > start, isMarker(bytes[position...]) {
                pieces.append(DocumentText(bytes: bytes[start..<position], lineOffset: startLine))
                start = position
                startLine = line
            }
            position = nextLine(bytes, after: position)
            line += 1
        }
        pieces.append(DocumentText(bytes: bytes[start...], lineOffset: startLine))
        return pieces.filter { !$0.isEmpty }
    }

    private static func isMarker(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.starts(with: [0x2D, 0x2D, 0x2D]) else { return false }
        guard let next = bytes.dropFirst(3).first else { return true }
        return [0x20, 0x09, 0x0A, 0x0D].contains(next)
    }

    private static func nextLine(_ bytes: [UInt8], after position: Int) -> Int {
        guard let end = bytes[position...].firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else {
            return bytes.endIndex
        }
        let isPair = bytes[end] == 0x0D && end + 1 < bytes.endIndex && bytes[end + 1] == 0x0A
        return end + (isPair ? 2 : 1)
    }

    /// Blank lines, comments and directives only: no document, and the parser would say so.
    private var isEmpty: Bool {
        bytes.split { $0 == 0x0A || $0 == 0x0D }
            .allSatisfy { line in
                let text = line.drop { $0 == 0x20 || $0 == 0x09 }
                return text.isEmpty || text.first == UInt8(ascii: "#")
                    || line.first == UInt8(ascii: "%")
            }
    }
}
