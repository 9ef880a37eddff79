// SPDX-License-Identifier: GPL-3.0-or-later

import TestSupport
import Testing

@testable import Model

struct WeightMatrixTests {
    /// Rows, length, columns, stride: near the sizes that are computed at once.
    static let shapes = [(1, 1, 1, 1), (3, 15, 2, 4), (4, 16, 3, 16), (9, 33, 5, 7), (32, 64, 1, 64), (257, 96, 4, 32)]

    @Test(arguments: shapes)
    func `an affine map computes its definition`(rows: Int, length: Int, columns: Int, stride: Int) {
        var generator = SplitMix(state: UInt64(rows + length))
        let weights = (0..<rows * length).map { _ in Float(Float16(generator.uniform(-1...1))) }
        let bias = (0..<rows).map { _ in generator.uniform(-1...1) }
        let input = (0..<(columns - 1) * stride + length).map { _ in generator.uniform(-1...1) }
        for mayUseHalf in [false, true] {
            let matrix = WeightMatrix(weights, rows: rows, mayUseHalf: mayUseHalf)
            for rectify in [false, true] {
                var output = [Float](repeating: .nan, count: rows * columns)
                matrix.apply(bias, input, columns: columns, stride: stride, rectify: rectify, into: &output)
                for column in 0..<columns {
                    for row in 0..<rows {
                        let products = (0..<length).map {
                            Double(weights[row * length + $0]) * Double(input[column * stride + $0])
                        }
                        let sum = products.reduce(Double(bias[row]), +)
                        let expected = rectify ? max(0, sum) : sum
                        #expect(abs(Double(output[column * rows + row]) - expected) < 1e-5 * Double(length + 1))
                    }
                }
            }
        }
    }

    @Test func `equal columns give equal bits, however many a call has`() {
        var generator = SplitMix(state: 3)
        let (rows, length) = (7, 37)
        let matrix = WeightMatrix((0..<rows * length).map { _ in generator.uniform(-1...1) }, rows: rows)
        let bias = [Float](repeating: 0.5, count: rows)
        let column = (0..<length).map { _ in generator.uniform(-1...1) }
        var alone = [Float](repeating: 0, count: rows)
        matrix.apply(bias, column, columns: 1, stride: length, rectify: false, into: &alone)
        for columns in 2...5 {
            var together = [Float](repeating: 0, count: rows * columns)
            let input = Array([[Float]](repeating: column, count: columns).joined())
            matrix.apply(bias, input, columns: columns, stride: length, rectify: false, into: &together)
            #expect(together == Array([[Float]](repeating: alone, count: columns).joined()))
        }
    }

    @Test func `weights that half precision cannot hold stay exact`() {
        let values: [Float] = [0.1, -3.3e-7, 70000, 1]
        #expect(WeightMatrix(values, rows: 2).floats == values)
        let exact: [Float] = [0.5, -0.25, 1024, 6.1035156e-05]
        #expect(WeightMatrix(exact, rows: 2, mayUseHalf: true).floats == exact)
    }
}
