// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Model

struct TensorNumbersTests {
    @Test func `every number of half precision is widened exactly`() {
        let all = (0...UInt16.max).map(\.littleEndian)
        let widened = all.withUnsafeBytes { $0.halves }
        #expect(widened.count == all.count)
        for (bits, number) in zip(0...UInt16.max, widened) {
            let expected = Float(Float16(bitPattern: bits))
            #expect(number == expected || number.isNaN && expected.isNaN, "\(bits)")
            #expect(number.sign == expected.sign)
        }
    }
}
