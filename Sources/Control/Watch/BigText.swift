// SPDX-License-Identifier: GPL-3.0-or-later

/// Draws words in letters three rows high, with half blocks.
enum BigText {
    static let rows = 3

    /// Returns the rows; nil if a letter is missing or the word is wider than `columns`.
    static func lines(_ text: String, columns: Int, style: Style) -> [Line]? {
        var pixels = [String](repeating: "", count: 6)
        for (index, letter) in text.uppercased().enumerated() {
            guard let glyph = glyphs[letter] else { return nil }
            for row in 0..<5 { pixels[row] += (index == 0 ? "" : " ") + glyph[row] }
        }
        guard let width = pixels.first?.count, width <= columns else { return nil }
        pixels[5] = String(repeating: " ", count: width)
        return stride(from: 0, to: 6, by: 2).map { row in
            Line(String(zip(pixels[row], pixels[row + 1]).map(block)), style)
        }
    }

    private static func block(_ upper: Character, _ lower: Character) -> Character {
        switch (upper, lower) {
        case (" ", " "): " "
        case (_, " "): "▀"
        case (" ", _): "▄"
        default: "█"
        }
    }

    private static let glyphs: [Character: [String]] = [
        "A": [" ## ", "#  #", "####", "#  #", "#  #"], "B": ["### ", "#  #", "### ", "#  #", "### "],
        "C": [" ###", "#   ", "#   ", "#   ", " ###"], "D": ["### ", "#  #", "#  #", "#  #", "### "],
        "E": ["####", "#   ", "### ", "#   ", "####"], "F": ["####", "#   ", "### ", "#   ", "#   "],
        "G": [" ###", "#   ", "# ##", "#  #", " ###"], "H": ["#  #", "#  #", "####", "#  #", "#  #"],
        "I": ["#", "#", "#", "#", "#"], "J": ["  ##", "   #", "   #", "#  #", " ## "],
        "K": ["#  #", "# # ", "##  ", "# # ", "#  #"], "L": ["#   ", "#   ", "#   ", "#   ", "####"],
        "M": ["#   #", "## ##", "# # #", "#   #", "#   #"],
        "N": ["#  #", "## #", "# ##", "#  #", "#  #"],
        "O": [" ## ", "#  #", "#  #", "#  #", " ## "], "P": ["### ", "#  #", "### ", "#   ", "#   "],
        "Q": [" ## ", "#  #", "#  #", "# ##", " ###"], "R": ["### ", "#  #", "### ", "# # ", "#  #"],
        "S": [" ###", "#   ", " ## ", "   #", "### "], "T": ["###", " # ", " # ", " # ", " # "],
        "U": ["#  #", "#  #", "#  #", "#  #", " ## "], "V": ["#  #", "#  #", "#  #", " ## ", " #  "],
        "W": ["#   #", "#   #", "# # #", "## ##", "#   #"],
        "X": ["#  #", "#  #", " ## ", "#  #", "#  #"],
        "Y": ["# #", "# #", " # ", " # ", " # "], "Z": ["####", "  # ", " #  ", "#   ", "####"],
        "0": [" ## ", "#  #", "#  #", "#  #", " ## "], "1": ["## ", " # ", " # ", " # ", "###"],
        "2": ["### ", "   #", " ## ", "#   ", "####"], "3": ["### ", "   #", " ## ", "   #", "### "],
        "4": ["#  #", "#  #", "####", "   #", "   #"], "5": ["####", "#   ", "### ", "   #", "### "],
        "6": [" ## ", "#   ", "### ", "#  #", " ## "], "7": ["####", "   #", "  # ", " #  ", " #  "],
        "8": [" ## ", "#  #", " ## ", "#  #", " ## "], "9": [" ## ", "#  #", " ###", "   #", " ## "],
        "-": ["   ", "   ", "###", "   ", "   "], " ": ["  ", "  ", "  ", "  ", "  "],
        "&": [" #  ", "# # ", " #  ", "# ##", " ## "],
    ]
}
