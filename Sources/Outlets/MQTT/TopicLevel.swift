// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// A level of a topic that every broker takes, and an identifier that Home Assistant takes, made from a name:
///
/// - Capitals become small letters. Letters, digits, dashes and underscores stay.
/// - Everything else becomes an underscore, several in a row a single one: `Küche (West)` is `k_che_west_`.
/// - A name that has no letter and no digit of ASCII is `x` and eight digits that are computed from it.
/// - A result longer than 64 characters is cut, and ends in eight such digits.
enum TopicLevel {
    static let longest = 64

    static func make(_ name: String) -> String {
        var level: [UInt8] = []
        var hasAlphanumeric = false
        var isReplaced = false
        for scalar in name.unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9":
                level.append(UInt8(scalar.value))
                hasAlphanumeric = true
                isReplaced = false
            case "A"..."Z":
                level.append(UInt8(scalar.value) | 0x20)
                hasAlphanumeric = true
                isReplaced = false
            case "-", "_":
                level.append(UInt8(scalar.value))
                isReplaced = false
            default:
                if !isReplaced { level.append(UInt8(ascii: "_")) }
                isReplaced = true
            }
        }
        let text = String(decoding: level, as: UTF8.self)
        if !hasAlphanumeric { return "x" + digits(name) }
        return level.count <= longest ? text : "\(text.prefix(longest - 9))-\(digits(name))"
    }

    /// The level of this host: its name up to the first dot.
    static var host: String {
        var buffer = [UInt8](repeating: 0, count: 256)
        _ = buffer.withUnsafeMutableBytes { gethostname($0.baseAddress!, 255) }
        let name = String(decoding: buffer.prefix { $0 != 0 && $0 != UInt8(ascii: ".") }, as: UTF8.self)
        return make(name.isEmpty ? "genred" : name)
    }

    private static func digits(_ name: String) -> String {
        let text = String(UInt32(truncatingIfNeeded: stableHash(name) >> 32), radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
    }

    /// FNV-1a: the same on every machine and in every run, unlike Swift's hashes.
    static func stableHash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}

/// Which source has which level.
struct SourceLevels: Equatable {
    /// The level of each source that is published.
    private(set) var levels: [String: String] = [:]
    /// Sources whose level another source has, each with that source.
    private(set) var collisions: [(name: String, first: String, level: String)] = []
    private var owners: [String: String] = [:]

    init(_ names: [String]) {
        for name in names where levels[name] == nil {
            let level = TopicLevel.make(name)
            if let first = owners[level] {
                collisions.append((name, first, level))
            } else {
                owners[level] = name
                levels[name] = level
            }
        }
    }

    /// The level for a source that may be gone by now; nil if another source has it.
    func level(of name: String) -> String? {
        let level = levels[name] ?? TopicLevel.make(name)
        return owners[level] ?? name == name ? level : nil
    }

    static func == (one: SourceLevels, other: SourceLevels) -> Bool { one.levels == other.levels }
}
