// SPDX-License-Identifier: GPL-3.0-or-later

/// Finds the known word that a misspelt one is closest to; nil if none is close enough.
package func nearest(to word: String, among known: [String]) -> String? {
    let word = word.lowercased()
    guard word.count <= 40 else { return nil }
    let distances = known.map { ($0, editDistance(word, $0)) }
    return distances.filter { $0.1 <= max(1, min(word.count, $0.0.count) / 3) }.min { $0.1 < $1.1 }?.0
}

/// The number of letters that have to be inserted, removed, replaced or swapped with their neighbour to turn one word
/// into the other (optimal string alignment).
private func editDistance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var rows = [Array(0...b.count)]
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var least = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
            row.append(least)
        }
        rows.append(row)
    }
    return rows[a.count][b.count]
}
