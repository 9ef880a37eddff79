// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import Streaming

/// Converts normalised log-mel frames to a branch's input in training: the cosine transform, with the influence of ignored
/// top bands projected out; for a branch with bands, the inverse transform to them; then standardisation.
///
/// All of it is linear. In the exported model it is folded into the first convolution, or becomes the linear layer that
/// makes the bands, so that a model takes plain coefficients.
struct InputTransform: Sendable, Equatable {
    let melBands: Int
    let coefficients: Int
    /// Numbers in an output frame: coefficients or bands.
    let outputs: Int
    /// [outputs, coefficients]: removes the directions in which the ignored bands move the coefficients, and converts the
    /// rest to bands if the branch has bands.
    let projection: [Double]
    /// [outputs]: statistics of the output over augmented windows.
    private(set) var mean: [Double]
    private(set) var deviation: [Double]
    /// [outputs, melBands]: cosine transform, projection and division by the deviation in one matrix.
    private var matrix: [Float] = []
    private var offset: [Float] = []
    private let cosine: [Float]

    /// A transform without standardisation.
    ///
    /// - Parameter bands: the branch's number of bands; 0 for coefficients.
    init(ignoringTopBands ignored: Int, bands: Int = 0) {
        let transform = CosineTransform()
        melBands = transform.inputs
        coefficients = transform.outputs
        cosine = transform.matrix
        outputs = bands > 0 ? bands : coefficients
        let projection = Self.projection(away: ignored, transform)
        self.projection = bands > 0 ? Self.inverseCosine(of: projection, coefficients, bands: bands) : projection
        mean = [Double](repeating: 0, count: outputs)
        deviation = [Double](repeating: 1, count: outputs)
        prepare()
    }

    /// The inverse cosine transform of each column. Coefficients beyond the number of bands are left out.
    private static func inverseCosine(of matrix: [Double], _ coefficients: Int, bands: Int) -> [Double] {
        let transform = CosineTransform(inputs: bands, outputs: min(bands, coefficients))
        return (0..<(bands * coefficients)).map { place in
            let (band, column) = (place / coefficients, place % coefficients)
            var sum = 0.0
            for row in 0..<transform.outputs {
                sum += Double(transform.matrix[row * bands + band]) * matrix[row * coefficients + column]
            }
            return sum
        }
    }

    /// The identity minus the projection onto the cosine transform's columns of the last bands (Gram-Schmidt).
    private static func projection(away ignored: Int, _ transform: CosineTransform) -> [Double] {
        let count = transform.outputs
        var basis: [[Double]] = []
        for band in (transform.inputs - ignored)..<transform.inputs {
            var column = (0..<count).map { Double(transform.matrix[$0 * transform.inputs + band]) }
            for other in basis + basis {
                let along = zip(column, other).reduce(0) { $0 + $1.0 * $1.1 }
                for index in column.indices { column[index] -= along * other[index] }
            }
            let norm = column.reduce(0) { $0 + $1 * $1 }.squareRoot()
            if norm > 1e-6 { basis.append(column.map { $0 / norm }) }
        }
        return (0..<(count * count)).map { place in
            let (row, column) = (place / count, place % count)
            return basis.reduce(row == column ? 1 : 0) { $0 - $1[row] * $1[column] }
        }
    }

    private mutating func prepare() {
        matrix = (0..<(outputs * melBands)).map { place in
            let (row, band) = (place / melBands, place % melBands)
            let value = (0..<coefficients).reduce(0.0) {
                $0 + projection[row * coefficients + $1] * Double(cosine[$1 * melBands + band])
            }
            return Float(value / deviation[row])
        }
        offset = zip(mean, deviation).map { Float($0 / $1) }
    }

    /// The same transform, standardised by its outputs `values`, [rows, outputs].
    func standardizing(_ values: UnsafeBufferPointer<Float>) -> InputTransform {
        let rows = values.count / outputs
        var result = self
        for index in 0..<outputs {
            let column = (0..<rows).lazy.map { Double(values[$0 * outputs + index]) }
            let mean = column.reduce(0, +) / Double(rows)
            let squares = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            result.mean[index] = mean
            result.deviation[index] = max(1e-2, (squares / Double(rows)).squareRoot())
        }
        result.prepare()
        return result
    }

    /// Transforms `window`, [frames, melBands], into `output`, [frames, outputs].
    func apply(_ window: UnsafePointer<Float>, frames: Int, into output: UnsafeMutablePointer<Float>) {
        for frame in 0..<frames {
            for index in 0..<outputs { output[frame * outputs + index] = -offset[index] }
        }
        matrix.withUnsafeBufferPointer {
            BLAS.multiply(
                window, $0.baseAddress!, transposingB: true, rows: frames, columns: outputs, inner: melBands,
                keeping: 1, into: output)
        }
    }

    /// Converts the weights of one kernel position for this transform's outputs to weights for plain coefficients, and a
    /// shift that accounts for the means.
    func fold(_ weights: [Double]) -> (weights: [Double], shift: Double) {
        var folded = [Double](repeating: 0, count: coefficients)
        var shift = 0.0
        for row in 0..<outputs {
            let weight = weights[row] / deviation[row]
            shift -= weight * mean[row]
            for column in 0..<coefficients { folded[column] += weight * projection[row * coefficients + column] }
        }
        return (folded, shift)
    }
}
