// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Model

struct HalfPrecisionTests {
    @Test func `every number is widened exactly`() {
        let all = (0...UInt16.max).map(\.littleEndian)
        let widened = all.withUnsafeBytes { HalfPrecision.floats($0) }
        #expect(widened.count == all.count)
        for (bits, number) in zip(0...UInt16.max, widened) {
            let expected = Float(Float16(bitPattern: bits))
            #expect(number == expected || number.isNaN && expected.isNaN, "\(bits)")
            #expect(number.sign == expected.sign)
        }
    }
}
