// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import TestSupport
import Testing

@testable import Model

struct QuantizedLayerTests {
    /// Shapes near the sizes that are computed at once: of one band, and of several.
    static let shapes = [
        shape(bands: 1, inputs: 1, outputs: 1, time: 1), shape(bands: 1, inputs: 15, outputs: 17, time: 3),
        shape(bands: 1, inputs: 32, outputs: 33, time: 2), shape(bands: 1, inputs: 320, outputs: 64, time: 3),
        shape(bands: 5, inputs: 1, outputs: 7, time: 3, frequency: 3),
        shape(bands: 8, inputs: 5, outputs: 24, time: 2, frequency: 5),
        shape(bands: 13, inputs: 24, outputs: 48, time: 3, frequency: 3),
        shape(bands: 2, inputs: 3, outputs: 16, time: 4, frequency: 7),
    ]

    static func shape(bands: Int, inputs: Int, outputs: Int, time: Int, frequency: Int = 1) -> LayerShape {
        LayerShape(
            name: "layer", bands: bands, inputs: inputs, outputs: outputs,
            kernel: Architecture.Extent(time: time, frequency: frequency),
            pool: Architecture.Extent(time: 1, frequency: 1), rectified: outputs % 2 == 1, tensorShape: [])
    }

    static func randomLayer(_ shape: LayerShape, _ generator: inout SplitMix) -> Weights.Layer {
        let weights = (0..<shape.outputs * shape.fan).map { _ in generator.uniform(-1...1) }
        return Weights.Layer(
            shape: shape, tensor: SafeTensors.Tensor(shape: [shape.outputs, shape.fan], values: weights),
            bias: (0..<shape.outputs).map { _ in generator.uniform(-1...1) })
    }

    /// Frames of a layer's input, quantized as those of a stream.
    final class Input {
        let numbers: OwnedBuffer<Int16>
        let units: OwnedBuffer<Float>

        init(_ layer: QuantizedLayer, _ frames: [[Float]]) {
            let shape = layer.shape
            numbers = OwnedBuffer(repeating: 0, count: frames.count * shape.paddedWidth + 1)
            units = OwnedBuffer(repeating: 0, count: frames.count)
            for (index, frame) in frames.enumerated() {
                units[index] = layer.arithmetic.quantize(
                    frame, into: numbers.pointer + index * shape.paddedWidth + shape.padding * shape.inputs)
            }
        }
    }

    @Test(arguments: shapes)
    func `a layer computes the convolution of its rounded weights and inputs`(shape: LayerShape) {
        var generator = SplitMix(state: UInt64(shape.fan + shape.outputs))
        let layer = Self.randomLayer(shape, &generator)
        let quantized = QuantizedLayer(layer)
        for positions in 1...7 {
            let frames = (0..<positions + shape.kernel.time - 1).map { _ in
                (0..<shape.bands * shape.inputs).map { _ in generator.uniform(-20...20) }
            }
            let input = Input(quantized, frames)
            var output = [Float](repeating: .nan, count: positions * shape.bands * shape.outputs)
            quantized.arithmetic.convolve(
                input.numbers.pointer, units: input.units.pointer, positions: positions, into: &output)
            let weights = quantized.weightValues
            for position in 0..<positions {
                for (band, row) in (0..<shape.bands).flatMap({ band in (0..<shape.outputs).map { (band, $0) } }) {
                    var sum = Double(layer.bias[row])
                    for time in 0..<shape.kernel.time {
                        let first = (position + time) * shape.paddedWidth + band * shape.inputs
                        for index in 0..<shape.segment {
                            let number = Double(input.numbers[first + index]) * Double(input.units[position + time])
                            sum += number * weights[row * shape.fan + time * shape.segment + index]
                        }
                    }
                    let expected = shape.rectified ? max(0, sum) : sum
                    let result = Double(output[(position * shape.bands + band) * shape.outputs + row])
                    // The sums reach hundreds, in single precision.
                    #expect(abs(result - expected) < 2e-4, "\(positions) positions, \(position), \(band), \(row)")
                }
            }
        }
    }

    @Test(arguments: shapes)
    func `a position's outputs have the same bits however many positions are computed`(shape: LayerShape) {
        var generator = SplitMix(state: 3)
        let layer = QuantizedLayer(Self.randomLayer(shape, &generator))
        let frame = (0..<shape.bands * shape.inputs).map { _ in generator.uniform(-1...1) }
        let input = Input(layer, [[Float]](repeating: frame, count: 13 + shape.kernel.time - 1))
        let width = shape.bands * shape.outputs
        var alone = [Float](repeating: 0, count: width)
        layer.arithmetic.convolve(input.numbers.pointer, units: input.units.pointer, positions: 1, into: &alone)
        for positions in 2...13 {
            var together = [Float](repeating: 0, count: positions * width)
            layer.arithmetic.convolve(
                input.numbers.pointer, units: input.units.pointer, positions: positions, into: &together)
            #expect(together == Array([[Float]](repeating: alone, count: positions).joined()))
        }
    }

    @Test func `rounded weights and inputs are within half a unit of what they were`() {
        var generator = SplitMix(state: 4)
        let shape = Self.shapes[3]
        let layer = Self.randomLayer(shape, &generator)
        let quantized = QuantizedLayer(layer)
        for (a, b) in zip(layer.weight, quantized.weightValues) { #expect(abs(Double(a) - b) <= 0.501 / 127) }
        var numbers = [Int16](repeating: 0, count: shape.inputs)
        for scale: Float in [1e-20, 1e-3, 1, 1e6, 1e30] {
            let frame = (0..<shape.inputs).map { _ in generator.uniform(-1...1) * scale }
            let unit = quantized.arithmetic.quantize(frame, into: &numbers)
            #expect(numbers.contains { abs($0) > 30_000 })
            for (a, b) in zip(frame, numbers) { #expect(abs(a - Float(b) * unit) <= 0.501 * unit) }
        }
    }

    @Test func `the largest inputs and weights do not overflow`() {
        for inputs in [2, 516, 517, 16_384, 24_576] {
            let shape = Self.shape(bands: 1, inputs: inputs, outputs: 2, time: 2)
            let weights = [Float](repeating: 1, count: shape.fan) + [Float](repeating: -1, count: shape.fan)
            let tensor = SafeTensors.Tensor(shape: [2, shape.fan], values: weights)
            let layer = QuantizedLayer(Weights.Layer(shape: shape, tensor: tensor, bias: [0, 0]))
            var generator = SplitMix(state: 6)
            // All as large as can be, and different ones.
            for lowest: Float in [3, 0] {
                let frame = (0..<inputs).map { _ in generator.uniform(lowest...3.0001) }
                let input = Input(layer, [frame, frame])
                var output: [Float] = [0, 0]
                layer.arithmetic.convolve(
                    input.numbers.pointer, units: input.units.pointer, positions: 1, into: &output)
                let expected = 2 * frame.reduce(0) { $0 + Double($1) }
                #expect(abs(Double(output[0]) - expected) < 1e-3 * expected)
                #expect(output[1] == -output[0])
            }
        }
    }

    @Test(arguments: [Float.nan, Float(bitPattern: 0x7FC0_ABCD), .infinity, -.infinity, 0, 1e-38])
    func `a frame with numbers that are not finite, or of nothing, becomes zeros`(number: Float) {
        var generator = SplitMix(state: 5)
        let layer = QuantizedLayer(Self.randomLayer(Self.shapes[2], &generator))
        var frame = [Float](repeating: 0, count: 32)
        frame[7] = number
        var numbers = [Int16](repeating: 1, count: 32)
        #expect(layer.arithmetic.quantize(frame, into: &numbers) == 0)
        #expect(numbers.allSatisfy { $0 == 0 })
    }
}
