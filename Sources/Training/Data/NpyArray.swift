// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// A `.npy` file (NumPy) of floating-point numbers: magic bytes, version, a Python dictionary as header, raw values.
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
///
/// The file is not trusted: its shape is checked against its size before anything is allocated.
package struct NpyArray: Sendable, Equatable {
    package var shape: [Int]
    /// Row-major.
    package var values: [Float]
    /// Whether the file holds float16 instead of float32.
    package let isHalfPrecision: Bool

    package init(shape: [Int], values: [Float], isHalfPrecision: Bool) {
        precondition(shape.reduce(1, *) == values.count, "an array of shape \(shape) has \(values.count) values")
        self.shape = shape
        self.values = values
        self.isHalfPrecision = isHalfPrecision
    }

    /// The longest header that is accepted; NumPy refuses more than 10 000 characters too.
    private static let maximumHeader = 10_000
    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// Parses a file: float16 or float32, little-endian, format version 1 to 3. Two-dimensional arrays may be in either order.
    package init(bytes: [UInt8]) throws(TrainingError) {
        guard bytes.count >= 10, bytes.starts(with: Self.magic) else {
            throw TrainingError(.malformed, "not a .npy file: NumPy's magic bytes are missing")
        }
        let version = bytes[6]
        guard (1...3).contains(version) else {
            throw TrainingError(.unsupported, "a .npy file of format version \(version); 1 to 3 are supported")
        }
        let prefix = version == 1 ? 10 : 12
        guard bytes.count >= prefix else { throw TrainingError(.malformed, "a .npy file that ends in its header") }
        let length = bytes[8..<prefix].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.maximumHeader, prefix + length <= bytes.count else {
            throw TrainingError(.malformed, "a .npy file whose header would be \(length) bytes long")
        }
        let header = try NpyHeader(parsing: bytes[prefix..<(prefix + length)])
        let body = prefix + length
        let available = bytes.count - body
        var count = 1
        for dimension in header.shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow, product <= available else {
                throw TrainingError(
                    .malformed, "a .npy file whose shape \(header.shape) needs more than its \(available) bytes")
            }
            count = product
        }
        guard count * header.type.width == available else {
            throw TrainingError(
                .malformed,
                "a .npy file whose shape \(header.shape) needs \(count * header.type.width) bytes; it has \(available)")
        }
        shape = header.shape
        isHalfPrecision = header.type == .float16
        let stored = bytes.withUnsafeBytes { raw -> [Float] in
            switch header.type {
            case .float32:
                return (0..<count).map {
                    Float(
                        bitPattern: UInt32(
                            littleEndian: raw.loadUnaligned(fromByteOffset: body + 4 * $0, as: UInt32.self)))
                }
            case .float16:
                return (0..<count).map {
                    Float(
                        Float16(
                            bitPattern: UInt16(
                                littleEndian: raw.loadUnaligned(fromByteOffset: body + 2 * $0, as: UInt16.self))))
                }
            }
        }
        values = header.isFortranOrder && shape.count == 2 ? Self.transposed(stored, rows: shape[0], shape[1]) : stored
    }

    /// Converts column-major values to row-major.
    private static func transposed(_ values: [Float], rows: Int, _ columns: Int) -> [Float] {
        var result = [Float](repeating: 0, count: values.count)
        for row in 0..<rows {
            for column in 0..<columns { result[row * columns + column] = values[column * rows + row] }
        }
        return result
    }

    /// The file's bytes in format version 1, with the header padded to 64 bytes as NumPy does.
    package func serialized() -> [UInt8] {
        let type: NpyHeader.ElementType = isHalfPrecision ? .float16 : .float32
        let dimensions = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        var header = "{'descr': '\(type.rawValue)', 'fortran_order': False, 'shape': (\(dimensions)), }"
        header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
        var bytes = Self.magic + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
        bytes += Array(header.utf8)
        bytes.reserveCapacity(bytes.count + values.count * type.width)
        for value in values {
            if isHalfPrecision {
                withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            } else {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
        }
        return bytes
    }
}

extension NpyArray {
    /// Enough for a track of 17 hours in single precision.
    static let maximumBytes = 256 << 20

    /// Reads and parses a file of at most 256 MiB.
    package init(contentsOf path: String) throws(TrainingError) {
        let bytes = try readFile(path, limit: Self.maximumBytes)
        do {
            try self.init(bytes: bytes)
        } catch {
            throw TrainingError(error.code, "'\(path)': \(error.message)")
        }
    }
}
