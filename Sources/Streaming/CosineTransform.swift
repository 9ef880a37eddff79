import CKernels
import Foundation
import Model

/// The orthonormal DCT-II of a frame's bands, cut after the first coefficients: log-mel to MFCC.
public struct CosineTransform: Sendable {
    public let inputs: Int
    public let outputs: Int
    /// [outputs, inputs].
    public let matrix: [Float]

    public init(frontEnd: FrontEnd = .version1) {
        self.init(inputs: frontEnd.melBands, outputs: frontEnd.coefficients)
    }

    public init(inputs: Int, outputs: Int) {
        self.inputs = inputs
        self.outputs = outputs
        matrix = (0..<outputs).flatMap { row in
            (0..<inputs).map { column in
                let scale = (row == 0 ? 1.0 : 2.0) / Double(inputs)
                return Float(
                    scale.squareRoot() * cos(Double.pi * (Double(column) + 0.5) * Double(row) / Double(inputs)))
            }
        }
    }

    /// `bands` has `inputs` values, `coefficients` room for `outputs`.
    public func process(_ bands: UnsafePointer<Float>, into coefficients: UnsafeMutablePointer<Float>) {
        genred_affine(matrix, nil, bands, 1, inputs, outputs, inputs, false, coefficients)
    }
}
