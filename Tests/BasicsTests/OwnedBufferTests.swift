// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Testing

struct OwnedBufferTests {
    @Test(arguments: [0, 1, 3, 64, 1001])
    func `a new buffer of a vector or more is aligned for vectors, and any holds its value everywhere`(count: Int) {
        let buffer = OwnedBuffer<Float>(repeating: 2.5, count: count)
        #expect(buffer.count == count)
        #expect(UInt(bitPattern: buffer.pointer) % 64 == 0 || count < 16)
        #expect(buffer.elements.allSatisfy { $0 == 2.5 })
    }

    @Test func `what is written by index is read by index, span and pointer`() {
        let buffer = OwnedBuffer<Float>(repeating: 0, count: 3)
        for index in 0..<3 { buffer[index] = Float(index + 1) }
        #expect(buffer[2] == 3 && buffer.elements.span[1] == 2 && buffer.pointer[0] == 1)
        buffer.fill(7)
        #expect(Array(buffer.elements) == [7, 7, 7])
    }

    @Test func `an index outside of the buffer ends the program`() async {
        await #expect(processExitsWith: .failure) {
            let buffer = OwnedBuffer<Float>(repeating: 0, count: 3)
            buffer[3] = 1
        }
        await #expect(processExitsWith: .failure) {
            let buffer = OwnedBuffer<UInt8>(repeating: 0, count: 3)
            _ = buffer[-1]
        }
    }
}
