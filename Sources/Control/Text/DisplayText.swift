// SPDX-License-Identifier: GPL-3.0-or-later

import CTerminal
import Glibc

/// Cleans text for a terminal and measures its width in columns.
enum DisplayText {
    /// Whether the locale for `wcwidth` is set, to one that every glibc has built in.
    private static let hasLocale = setlocale(LC_CTYPE, "C.UTF-8") != nil

    /// Replaces control characters and others that a terminal could act on.
    static func clean(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned,
                .privateUse:
                clean.append("\u{FFFD}")
            default: clean.append(scalar)
            }
        }
        return String(clean)
    }

    static func width(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + width($1) }
    }

    /// Returns the longest prefix that takes at most `columns`.
    static func prefix(_ text: String, columns: Int) -> String {
        var taken = 0
        var prefix = ""
        for character in text {
            taken += width(String(character))
            if taken > columns { break }
            prefix.append(character)
        }
        return prefix
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        guard hasLocale else { return 1 }
        return max(0, Int(wcwidth(wchar_t(scalar.value))))
    }
}
