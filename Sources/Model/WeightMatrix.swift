// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

/// The weights of an affine map, one row per output, in the precision that this processor reads fastest.
///
/// Weights that are exact in half precision, as in most model files, stay in half precision if the processor can widen
/// them while reading. They take half the memory, so more of the network stays in the nearest cache, and the results
/// are the same.
struct WeightMatrix: Sendable {
    private enum Values {
        case single([Float])
        case half([Float16])
    }

    let rows: Int
    let length: Int
    private let values: Values

    /// - Parameter values: [rows, length].
    init(_ values: [Float], rows: Int, mayUseHalf: Bool = genred_widens_half()) {
        self.rows = rows
        length = values.count / rows
        if mayUseHalf, values.allSatisfy({ Float(Float16($0)) == $0 }) {
            self.values = .half(values.map { Float16($0) })
        } else {
            self.values = .single(values)
        }
    }

    /// Returns the matrix with its rows padded with zeros to `length`.
    func padded(to length: Int) -> WeightMatrix {
        guard length > self.length else { return self }
        let (own, floats) = (self.length, floats)
        let rest = [Float](repeating: 0, count: length - own)
        return WeightMatrix((0..<rows).flatMap { floats[$0 * own..<($0 + 1) * own] + rest }, rows: rows)
    }

    /// [rows, length].
    var floats: [Float] {
        switch values {
        case .single(let values): values
        case .half(let values): values.map(Float.init)
        }
    }

    /// Returns the first `count` numbers of each row, [rows, count].
    func floats(upTo count: Int) -> [Float] {
        let floats = floats
        return count == length ? floats : (0..<rows).flatMap { floats[$0 * length..<$0 * length + count] }
    }

    /// Computes one output for each row and column: the dot product of the row and the `length` inputs from
    /// `column * stride` on, plus the row's bias.
    ///
    /// - Parameters:
    ///   - bias: [rows].
    ///   - input: [(columns - 1) * stride + length].
    ///   - rectify: whether to apply ReLU.
    ///   - output: [columns, rows].
    func apply(
        _ bias: [Float], _ input: UnsafePointer<Float>, columns: Int, stride: Int, rectify: Bool,
        into output: UnsafeMutablePointer<Float>
    ) {
        switch values {
        case .single(let values):
            values.withUnsafeBufferPointer {
                genred_affine($0.baseAddress, bias, input, columns, stride, rows, length, rectify, output)
            }
        case .half(let values):
            // Float16 is IEEE binary16, the format that the function reads.
            values.withUnsafeBytes {
                genred_affine_half(
                    $0.baseAddress?.assumingMemoryBound(to: UInt16.self), bias, input, columns, stride, rows, length,
                    rectify, output)
            }
        }
    }
}
