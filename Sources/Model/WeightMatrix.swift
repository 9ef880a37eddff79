// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

/// The weights of an affine map: one row an output, in the precision that this processor reads fastest.
///
/// Weights that are exact in half precision, as those of a model file usually are, stay in it where the processor widens
/// them on the way: half the memory, and more of the network stays in the nearest cache. The results are the same.
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

    /// The same with zeros behind each row; itself where there is nothing to add.
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

    /// The first `count` numbers of each row.
    func floats(upTo count: Int) -> [Float] {
        let floats = floats
        return count == length ? floats : (0..<rows).flatMap { floats[$0 * length..<$0 * length + count] }
    }

    /// One output for each row and column: the row times the `length` inputs from `column * stride` on, plus the row's
    /// bias, and with `rectify` never less than 0.
    ///
    /// - Parameters:
    ///   - bias: [rows].
    ///   - input: [(columns - 1) * stride + length].
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
            // Float16 is IEEE's binary16: its bits are what the function reads.
            values.withUnsafeBytes {
                genred_affine_half(
                    $0.baseAddress?.assumingMemoryBound(to: UInt16.self), bias, input, columns, stride, rows, length,
                    rectify, output)
            }
        }
    }
}
