// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Foundation
import Model

/// Log-mel to MFCC: the orthonormal DCT-II of a frame's bands, of which the first coefficients are kept.
package struct CosineTransform: Sendable {
    package let inputs: Int
    package let outputs: Int
    /// [outputs, inputs].
    package let matrix: [Float]

    package init(frontEnd: FrontEnd = .version1) {
        self.init(inputs: frontEnd.melBands, outputs: frontEnd.coefficients)
    }

    package init(inputs: Int, outputs: Int) {
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

    /// Transforms one frame: `bands` is [inputs], `coefficients` is [outputs].
    package func process(_ bands: UnsafePointer<Float>, into coefficients: UnsafeMutablePointer<Float>) {
        genred_multiply(matrix, bands, outputs, inputs, coefficients)
    }
}
