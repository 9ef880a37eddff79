// SPDX-License-Identifier: GPL-3.0-or-later

/// What a source says is playing. It is untrusted text, which comes to terminals, pages and logs.
package enum Title {
    /// The most characters of a title, as people count them.
    package static let longest = 200
    /// The most bytes of a title in UTF-8: a character can have any number of accents.
    package static let mostBytes = 1000

    /// Cleans and cuts a title. Returns nil if nothing is left.
    ///
    /// Control characters, format characters (such as those that reverse the direction of text) and characters without a
    /// shape are removed; white space, line breaks too, becomes single spaces.
    package static func clean(_ text: String) -> String? {
        var scalars = String.UnicodeScalarView()
        var (bytes, needsSpace) = (0, false)
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                needsSpace = bytes > 0
            } else if isVisible(scalar) {
                if needsSpace {
                    scalars.append(" ")
                    bytes += 1
                    needsSpace = false
                }
                scalars.append(scalar)
                bytes += UTF8.width(scalar)
                // What is beyond is cut in any case; the text can be long.
                if bytes > 2 * mostBytes { break }
            }
        }
        let title = cut(String(scalars))
        return title.isEmpty ? nil : title
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        switch properties.generalCategory {
        case .control, .format, .surrogate: return false
        default: return !properties.isDefaultIgnorableCodePoint && !properties.isNoncharacterCodePoint
        }
    }

    /// Cuts between two characters.
    private static func cut(_ text: String) -> String {
        var end = text.startIndex
        var (characters, bytes) = (0, 0)
        while end < text.endIndex, characters < longest {
            let next = text.index(after: end)
            bytes += text[end..<next].utf8.count
            if bytes > mostBytes { break }
            characters += 1
            end = next
        }
        let whole = text[..<end]
        return String(whole.last == " " ? whole.dropLast() : whole)
    }
}
