// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

/// How one sample is read from memory. Each encoding is a type, so that the compiler makes a loop of its own for each.
protocol SampleCode {
    /// Bytes per sample.
    static var bytes: Int { get }
    static var fullScale: Float { get }
    /// The sample at `pointer`, in -fullScale...fullScale. Safe as long as `bytes` bytes are there.
    static func load(_ pointer: UnsafeRawPointer) -> Float
    /// Writes the sums of `count` pairs of samples, times `scale`. Safe as long as so many pairs, and places for the sums, are
    /// there.
    static func addPairs(
        _ input: UnsafeRawPointer, _ count: Int, scale: Float, into output: UnsafeMutablePointer<Float>)
}

extension SampleCode {
    @inline(__always)
    static func addPairs(
        _ input: UnsafeRawPointer, _ count: Int, scale: Float, into output: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<count {
            let left = input + index &* 2 &* bytes
            output[index] = (load(left) + load(left + bytes)) * scale
        }
    }
}

/// The encodings, which differ in the numbers' type, width, place and byte order.
enum SampleCodes {
    enum UInt8Code: SampleCode {
        static let bytes = 1
        static let fullScale: Float = 128
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(Int8(bitPattern: pointer.load(as: UInt8.self) ^ 0x80))
        }
    }

    enum Int8Code: SampleCode {
        static let bytes = 1
        static let fullScale: Float = 128
        static func load(_ pointer: UnsafeRawPointer) -> Float { Float(pointer.load(as: Int8.self)) }
    }

    enum Int16Code: SampleCode {
        static let bytes = 2
        static let fullScale: Float = 32_768
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(Int16(littleEndian: pointer.loadUnaligned(as: Int16.self)))
        }

        /// What most programs send.
        static func addPairs(
            _ input: UnsafeRawPointer, _ count: Int, scale: Float, into output: UnsafeMutablePointer<Float>
        ) {
            // Safe: the caller has so many pairs and places.
            genred_add_pairs(input, count, scale, output)
        }
    }

    enum Int16BigCode: SampleCode {
        static let bytes = 2
        static let fullScale: Float = 32_768
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(Int16(bigEndian: pointer.loadUnaligned(as: Int16.self)))
        }
    }

    enum UInt16Code: SampleCode {
        static let bytes = 2
        static let fullScale: Float = 32_768
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(Int16(bitPattern: UInt16(littleEndian: pointer.loadUnaligned(as: UInt16.self)) ^ 0x8000))
        }
    }

    enum UInt16BigCode: SampleCode {
        static let bytes = 2
        static let fullScale: Float = 32_768
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(Int16(bitPattern: UInt16(bigEndian: pointer.loadUnaligned(as: UInt16.self)) ^ 0x8000))
        }
    }

    /// Three bytes.
    enum Int24Code: SampleCode {
        static let bytes = 3
        static let fullScale: Float = 8_388_608
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            let low = UInt16(littleEndian: pointer.loadUnaligned(as: UInt16.self))
            let high = pointer.load(fromByteOffset: 2, as: Int8.self)
            return Float((Int32(high) << 16) | Int32(low))
        }
    }

    enum Int24BigCode: SampleCode {
        static let bytes = 3
        static let fullScale: Float = 8_388_608
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            let high = pointer.load(as: Int8.self)
            let low = UInt16(bigEndian: pointer.loadUnaligned(fromByteOffset: 1, as: UInt16.self))
            return Float((Int32(high) << 16) | Int32(low))
        }
    }

    /// The low three of four bytes; the fourth may hold anything.
    enum Int24InFourCode: SampleCode {
        static let bytes = 4
        static let fullScale: Float = 8_388_608
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float((Int32(littleEndian: pointer.loadUnaligned(as: Int32.self)) << 8) >> 8)
        }
    }

    enum Int24InFourBigCode: SampleCode {
        static let bytes = 4
        static let fullScale: Float = 8_388_608
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float((Int32(bigEndian: pointer.loadUnaligned(as: Int32.self)) << 8) >> 8)
        }
    }

    enum Int32Code: SampleCode {
        static let bytes = 4
        static let fullScale: Float = 2_147_483_648
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(Int32(littleEndian: pointer.loadUnaligned(as: Int32.self)))
        }
    }

    enum Int32BigCode: SampleCode {
        static let bytes = 4
        static let fullScale: Float = 2_147_483_648
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(Int32(bigEndian: pointer.loadUnaligned(as: Int32.self)))
        }
    }

    enum Float32Code: SampleCode {
        static let bytes = 4
        static let fullScale: Float = 1
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(bitPattern: UInt32(littleEndian: pointer.loadUnaligned(as: UInt32.self)))
        }
    }

    enum Float32BigCode: SampleCode {
        static let bytes = 4
        static let fullScale: Float = 1
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(bitPattern: UInt32(bigEndian: pointer.loadUnaligned(as: UInt32.self)))
        }
    }

    enum Float64Code: SampleCode {
        static let bytes = 8
        static let fullScale: Float = 1
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(Double(bitPattern: UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))))
        }
    }

    enum Float64BigCode: SampleCode {
        static let bytes = 8
        static let fullScale: Float = 1
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            Float(Double(bitPattern: UInt64(bigEndian: pointer.loadUnaligned(as: UInt64.self))))
        }
    }

    /// Logarithmic, one byte (ITU-T G.711): a sign, an exponent of three bits and a mantissa of four.
    enum ALawCode: SampleCode {
        static let bytes = 1
        static let fullScale: Float = 32_768
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            let code = pointer.load(as: UInt8.self) ^ 0x55
            let (exponent, mantissa) = (Int32(code >> 4 & 7), Int32(code & 0x0F))
            let magnitude = exponent == 0 ? mantissa << 4 + 8 : (mantissa << 4 + 0x108) << (exponent - 1)
            return Float(code & 0x80 != 0 ? magnitude : -magnitude)
        }
    }

    enum MuLawCode: SampleCode {
        static let bytes = 1
        static let fullScale: Float = 32_768
        static func load(_ pointer: UnsafeRawPointer) -> Float {
            let code = ~pointer.load(as: UInt8.self)
            let (exponent, mantissa) = (Int32(code >> 4 & 7), Int32(code & 0x0F))
            let magnitude = (mantissa << 3 + 0x84) << exponent - 0x84
            return Float(code & 0x80 != 0 ? -magnitude : magnitude)
        }
    }
}
