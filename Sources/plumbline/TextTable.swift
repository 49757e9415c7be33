/// Rows in columns aligned by what a terminal shows, the last column ragged.
///
/// Cells are data: they are made printable here, so a commit's subject cannot drive the terminal.
struct TextTable {
    /// Columns of the terminal that a cell may take; what is longer ends in an ellipsis.
    private static let widestCell = 60
    /// The same for the last column, which pushes nothing aside.
    private static let widestLastCell = 240
    private static let gap = "  "

    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: [String]) { self.header = header }

    var isEmpty: Bool { rows.isEmpty }

    /// Adds a row; missing cells are empty, cells beyond the header are dropped.
    mutating func add(_ cells: [String]) {
        let shown = cells.prefix(header.count).enumerated()
            .map { column, cell in
                let isLast = column == header.count - 1
                return cell.printable.clipped(to: isLast ? Self.widestLastCell : Self.widestCell)
            }
        rows.append(shown + Array(repeating: "", count: header.count - shown.count))
    }

    /// The header and the rows, without trailing white space; the header in bold where ink is on.
    func lines(_ ink: Ink = .none) -> [String] {
        let widths = header.indices.map { column in
            ([header] + rows).map { $0[column].displayWidth }.max() ?? 0
        }
        let lines = ([header] + rows).map { Self.line($0, widths) }
        return lines.enumerated().map { $0 == 0 ? ink.bold($1) : $1 }
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (column, cell) in cells.enumerated() {
            text += cell
            guard cells[(column + 1)...].contains(where: { !$0.isEmpty }) else { break }
            text += String(repeating: " ", count: widths[column] - cell.displayWidth) + gap
        }
        return text
    }
}
