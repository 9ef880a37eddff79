// SPDX-License-Identifier: GPL-3.0-or-later

/// Rows of cells in aligned columns.
struct Table {
    enum Alignment { case left, right }

    private let alignments: [Alignment]
    private var rows: [[Line]] = []

    init(_ alignments: Alignment...) { self.alignments = alignments }

    /// Appends a row, with one cell for each column.
    mutating func append(_ cells: Line...) { rows.append(cells) }

    mutating func appendHeader(_ titles: String...) { rows.append(titles.map { Line($0, .quiet) }) }

    /// Returns the rows as lines, without the columns that are empty in every row.
    func lines(gap: Int = 2) -> [Line] {
        let widths = alignments.indices.map { column in rows.map { $0[column].width }.max() ?? 0 }
        let shown = widths.indices.filter { widths[$0] > 0 }
        return rows.map { cells in
            var line = Line()
            var end = 0
            for column in shown {
                let start = column == shown.first ? 0 : end + gap
                end = start + widths[column]
                let isLeft = alignments[column] == .left
                // An empty cell adds no spaces at the end of a line.
                if cells[column].width == 0 { continue }
                line.pad(to: isLeft ? start : end - cells[column].width)
                line.append(cells[column])
            }
            return line
        }
    }
}
