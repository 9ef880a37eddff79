// SPDX-License-Identifier: GPL-3.0-or-later

/// Text from outside, in double quotes, fit for a one-line message: control characters are replaced, and whatever is
/// longer than 200 characters is cut.
package func quoted(_ text: some StringProtocol) -> String {
    let limit = 200
    let start = String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    return "\"\(printable(start))\(text.unicodeScalars.dropFirst(limit).isEmpty ? "" : "…")\""
}

/// Text from outside, fit for a terminal: control characters are replaced, and bytes of a path that are no UTF-8 are written
/// `\xF6` (`PathText`).
package func printable(_ text: String) -> String {
    var clean = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        if let byte = PathText.byte(scalar) {
            clean.append(contentsOf: "\\x\(PathText.hex(byte))".unicodeScalars)
            continue
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: clean.append("\u{FFFD}")
        default: clean.append(scalar)
        }
    }
    return String(clean)
}
