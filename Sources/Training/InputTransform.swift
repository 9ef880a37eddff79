import Foundation
import Model
import Streaming

/// From normalised log-mel frames to what the network in training sees: the cosine transform, without what the uppermost
/// bands say if they shall be ignored, standardised. All of it is linear, and folded into the first convolution at the
/// end, so that a model sees plain coefficients.
struct InputTransform: Sendable, Equatable {
    let bands: Int
    let coefficients: Int
    /// [coefficients, coefficients]: takes away the directions in which the ignored bands move the coefficients.
    let projection: [Double]
    /// [coefficients]: of the projected coefficients over augmented windows.
    private(set) var mean: [Double]
    private(set) var deviation: [Double]
    /// [coefficients, bands]: cosine transform, projection and division by the deviation in one.
    private var matrix: [Float] = []
    private var offset: [Float] = []
    private let cosine: [Float]

    /// Without standardisation yet.
    init(ignoringTopBands ignored: Int) {
        let transform = CosineTransform()
        bands = transform.inputs
        coefficients = transform.outputs
        cosine = transform.matrix
        mean = [Double](repeating: 0, count: coefficients)
        deviation = [Double](repeating: 1, count: coefficients)
        projection = Self.projection(away: ignored, transform)
        prepare()
    }

    /// Identity less the projection onto the cosine transform's columns of the last bands (Gram and Schmidt).
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
        matrix = (0..<(coefficients * bands)).map { place in
            let (row, band) = (place / bands, place % bands)
            let value = (0..<coefficients).reduce(0.0) {
                $0 + projection[row * coefficients + $1] * Double(cosine[$1 * bands + band])
            }
            return Float(value / deviation[row])
        }
        offset = zip(mean, deviation).map { Float($0 / $1) }
    }

    /// The same transform, standardised by what it gave: [rows, coefficients].
    func standardizing(_ values: UnsafeBufferPointer<Float>) -> InputTransform {
        let rows = values.count / coefficients
        var result = self
        for index in 0..<coefficients {
            let column = (0..<rows).lazy.map { Double(values[$0 * coefficients + index]) }
            let mean = column.reduce(0, +) / Double(rows)
            let squares = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            result.mean[index] = mean
            result.deviation[index] = max(1e-2, (squares / Double(rows)).squareRoot())
        }
        result.prepare()
        return result
    }

    /// `window` has [frames, bands], `output` room for [frames, coefficients].
    func apply(_ window: UnsafePointer<Float>, frames: Int, into output: UnsafeMutablePointer<Float>) {
        for frame in 0..<frames {
            for index in 0..<coefficients { output[frame * coefficients + index] = -offset[index] }
        }
        matrix.withUnsafeBufferPointer {
            BLAS.multiply(
                window, $0.baseAddress!, transposingB: true, rows: frames, columns: coefficients, inner: bands,
                keeping: 1, into: output)
        }
    }

    /// The weights that one kernel position of an output has for plain coefficients, and what is to be added for the
    /// means, given its weights for what this transform makes of them.
    func fold(_ weights: [Double]) -> (weights: [Double], shift: Double) {
        var folded = [Double](repeating: 0, count: coefficients)
        var shift = 0.0
        for row in 0..<coefficients {
            let weight = weights[row] / deviation[row]
            shift -= weight * mean[row]
            for column in 0..<coefficients { folded[column] += weight * projection[row * coefficients + column] }
        }
        return (folded, shift)
    }
}
