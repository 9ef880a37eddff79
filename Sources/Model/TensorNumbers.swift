// SPDX-License-Identifier: GPL-3.0-or-later

extension UnsafeRawBufferPointer {
    /// The bytes as little-endian numbers in single precision.
    var singles: [Float] {
        (0..<count / 4).map {
            Float(bitPattern: UInt32(littleEndian: loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
        }
    }

    /// The bytes as little-endian numbers in IEEE half precision, widened exactly.
    ///
    /// By hand, because `Float(Float16)` calls a function for each number where not every processor has an instruction for
    /// it, and a model has half a million numbers that a start waits for.
    var halves: [Float] {
        // Safe: `numbers` elements are there, and as many are read.
        let numbers = count / 2
        return [Float](unsafeUninitializedCapacity: numbers) { target, filled in
            for index in 0..<numbers {
                let bits = UInt16(littleEndian: loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
                let magnitude = UInt32(bits & 0x7FFF) << 13
                // An exponent's bias is 15 in half precision, and 127 in single.
                let finite = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
                let isFinite = bits & 0x7C00 != 0x7C00
                let sign = UInt32(bits & 0x8000) << 16
                target[index] = Float(bitPattern: sign | (isFinite ? finite : magnitude | 0x7F80_0000))
            }
            filled = numbers
        }
    }

    /// Whether the bytes as numbers in half precision are all finite.
    var areFiniteHalves: Bool {
        var areFinite = true
        for index in 0..<count / 2 {
            // Infinity and NaN have an exponent of all ones.
            areFinite = areFinite && (loadUnaligned(fromByteOffset: 2 * index + 1, as: UInt8.self) & 0x7C) != 0x7C
        }
        return areFinite
    }
}
