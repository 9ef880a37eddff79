// SPDX-License-Identifier: GPL-3.0-or-later

/// A hash of the inputs of a result, which decides whether the result can be continued. FNV-1a with 64 bits: it does not
/// protect against malice.
struct Fingerprint: Sendable, Equatable {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    private mutating func add(_ bits: UInt64) { value = (value ^ bits) &* 0x100_0000_01B3 }

    mutating func add(bytes: some Sequence<UInt8>) {
        for byte in bytes { add(UInt64(byte)) }
    }

    mutating func add(_ text: String) {
        add(bytes: text.utf8)
        // Separates consecutive texts.
        add(UInt64(256))
    }

    mutating func add(_ values: [Float]) {
        for value in values { add(UInt64(value.bitPattern)) }
        add(UInt64(values.count))
    }

    mutating func add(_ other: Fingerprint) { add(other.value) }

    var text: String { String(value, radix: 16) }
}
