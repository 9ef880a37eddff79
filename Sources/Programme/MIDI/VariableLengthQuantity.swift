// SPDX-License-Identifier: GPL-3.0-or-later

/// The number encoding of Standard MIDI Files: seven bits per byte, most significant first, with the top bit set in all
/// bytes but the last (SMF 1.0, "Variable Length Quantity").
enum VariableLengthQuantity {
    /// The largest number: four bytes of seven bits.
    static let maximum = 0x0FFF_FFFF

    /// Returns the bytes of `value`, clamped to 0…`maximum`.
    static func encode(_ value: Int) -> [UInt8] {
        var rest = min(max(value, 0), maximum)
        var bytes = [UInt8(rest & 0x7F)]
        rest >>= 7
        while rest > 0 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes.reversed()
    }
}
