// SPDX-License-Identifier: GPL-3.0-or-later

/// A key that the live view reacts to.
enum Key: Equatable, Sendable {
    case up, down, left, right, pageUp, pageDown, home, end, enter
    case character(Character)

    /// Parses the keys in a terminal's input. Other keys are skipped, escape sequences as a whole.
    static func parse(_ bytes: [UInt8]) -> [Key] {
        var keys: [Key] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0x1B:
                if let key = sequence(&rest) { keys.append(key) }
            case 0x0A, 0x0D: keys.append(.enter)
            case 0x20..<0x7F: keys.append(.character(Character(Unicode.Scalar(byte))))
            default: break
            }
        }
        return keys
    }

    /// Parses the rest of an escape sequence: `[` or `O`, parameters, and a final byte.
    private static func sequence(_ rest: inout ArraySlice<UInt8>) -> Key? {
        guard let first = rest.first, first == UInt8(ascii: "[") || first == UInt8(ascii: "O") else {
            return nil
        }
        rest.removeFirst()
        var parameters = ""
        while let byte = rest.popFirst() {
            guard (0x40...0x7E).contains(byte) else {
                parameters.append(Character(Unicode.Scalar(byte)))
                continue
            }
            switch (byte, parameters) {
            case (UInt8(ascii: "A"), _): return .up
            case (UInt8(ascii: "B"), _): return .down
            case (UInt8(ascii: "C"), _): return .right
            case (UInt8(ascii: "D"), _): return .left
            case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), "1"), (UInt8(ascii: "~"), "7"): return .home
            case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), "4"), (UInt8(ascii: "~"), "8"): return .end
            case (UInt8(ascii: "~"), "5"): return .pageUp
            case (UInt8(ascii: "~"), "6"): return .pageDown
            default: return nil
            }
        }
        return nil
    }
}
