// SPDX-License-Identifier: GPL-3.0-or-later

/// The name of a station: part of file names, of a unit's name and of the URI `station:NAME`.
package enum StationName {
    /// Bytes.
    package static let longest = 64

    /// Returns what is wrong with a name; nil if nothing is.
    package static func problem(_ name: String) -> String? {
        let isFit = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isFit, !name.isEmpty, !name.hasPrefix("."), !name.hasPrefix("-"), name.utf8.count <= longest else {
            return """
                \(quoted(name)) is no name for a station: it has letters, digits, dots, dashes and underscores, at most \
                \(longest), and begins with a letter, digit or underscore
                """
        }
        return nil
    }
}
