// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CKernels

/// One layer as inference computes it: weights of 8 bits, inputs of 16, or fewer where a kernel covers more than 516
/// numbers of a frame.
///
/// An output's weights are multiples of a unit of its own, a frame's numbers multiples of the frame's unit. Their products
/// are summed as integers. A quarter of the bytes of single precision are read, and a vector holds twice the products
/// (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018).
/// The inputs keep 16 bits, because they cost little there: the network is bound by reading its weights.
final class QuantizedLayer: @unchecked Sendable {
    // Safe to share: nothing changes after init.

    let shape: LayerShape
    /// Its pointers are those of the buffers below.
    let arithmetic: LayerArithmetic
    private let weights: OwnedBuffer<Int8>
    /// [outputs, padded].
    private let units: OwnedBuffer<Float>
    private let bias: OwnedBuffer<Float>

    private static let largestWeight: Int32 = 127

    init(_ layer: Weights.Layer) {
        let shape = layer.shape
        self.shape = shape
        let group = Int(GENRED_OUTPUTS)
        let (times, segment) = (shape.kernel.time, shape.segment)
        let (groups, pairs) = ((shape.outputs + group - 1) / group, (segment + 1) / 2)
        weights = OwnedBuffer(repeating: 0, count: groups * times * pairs * group * 2)
        units = OwnedBuffer(repeating: 0, count: groups * group)
        bias = OwnedBuffer(repeating: 0, count: groups * group)
        bias.pointer.update(from: layer.bias, count: shape.outputs)
        let row = OwnedBuffer<Int16>(repeating: 0, count: shape.fan)
        for output in 0..<shape.outputs {
            units.pointer[output] = genred_quantize(layer.row(output), shape.fan, Self.largestWeight, row.pointer)
            // Safe: every place below is inside the buffer.
            for time in 0..<times {
                let numbers = row.pointer + time * segment
                let first = weights.pointer + Self.place(output, time: time, 0, in: shape)
                for pair in 0..<pairs {
                    let target = first + 2 * group * pair
                    target[0] = Int8(truncatingIfNeeded: numbers[2 * pair])
                    if 2 * pair + 1 < segment { target[1] = Int8(truncatingIfNeeded: numbers[2 * pair + 1]) }
                }
            }
        }
        let convolution = genred_convolution(
            weights: weights.pointer, units: units.pointer, bias: bias.pointer, outputs: shape.outputs, times: times,
            segment: segment, frame_stride: shape.paddedWidth,
            column_stride: shape.bands > 1 ? shape.inputs : shape.paddedWidth, column_frames: shape.bands > 1 ? 0 : 1,
            rectify: shape.rectified)
        arithmetic = LayerArithmetic(
            bands: shape.bands, inputs: shape.inputs,
            limit: min(Int32(Int16.max), .max / Self.largestWeight / Int32(segment)), convolution: convolution)
    }

    /// Where `weights` has an output's weight of one input of one frame under the kernel (`genred_convolution`).
    private static func place(_ output: Int, time: Int, _ index: Int, in shape: LayerShape) -> Int {
        let group = Int(GENRED_OUTPUTS)
        let pairs = (shape.segment + 1) / 2
        let pair = (output / group * shape.kernel.time + time) * pairs + index / 2
        return 2 * (pair * group + output % group) + index % 2
    }

    /// The weights' values, [outputs, fan].
    var weightValues: [Double] {
        (0..<shape.outputs).flatMap { output in
            (0..<shape.fan).map { index in
                let (time, place) = index.quotientAndRemainder(dividingBy: shape.segment)
                return Double(weights[Self.place(output, time: time, place, in: shape)]) * Double(units[output])
            }
        }
    }

    /// [outputs].
    var biasValues: [Float] { Array(bias.elements.prefix(shape.outputs)) }
}

/// What a layer computes. It is valid as long as the layer, and holds no reference: all streams share the layers, and threads
/// that count references to the same object slow each other down.
struct LayerArithmetic {
    fileprivate let bands: Int
    fileprivate let inputs: Int
    /// The largest magnitude of an input, so that no sum of a frame's products leaves 32 bits.
    fileprivate let limit: Int32
    fileprivate let convolution: genred_convolution

    /// Writes a frame's numbers, [bands, inputs], as multiples of a unit, and returns the unit.
    func quantize(_ frame: UnsafePointer<Float>, into target: UnsafeMutablePointer<Int16>) -> Float {
        genred_quantize(frame, bands * inputs, limit, target)
    }

    /// Computes the outputs of some positions, [positions, bands, outputs].
    ///
    /// - Parameters:
    ///   - input: [positions + kernel.time - 1, paddedWidth], and one number more.
    ///   - units: [positions + kernel.time - 1]: the frames' units.
    func convolve(
        _ input: UnsafePointer<Int16>, units: UnsafePointer<Float>, positions: Int,
        into output: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: convolution) { convolution in
            guard bands > 1 else {
                return genred_convolve(convolution, input, units, positions, output)
            }
            for position in 0..<positions {
                genred_convolve(
                    convolution, input + position * convolution.pointee.frame_stride, units + position, bands,
                    output + position * bands * convolution.pointee.outputs)
            }
        }
    }
}

/// A network's layers as inference computes them.
struct QuantizedNetwork: Sendable {
    let branches: [[QuantizedLayer]]
    /// The linear layer, from features to labels.
    var head: QuantizedLayer

    init(_ weights: Weights) {
        branches = weights.branches.map { $0.map(QuantizedLayer.init) }
        head = QuantizedLayer(weights.head)
    }
}
