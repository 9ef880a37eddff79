// SPDX-License-Identifier: GPL-3.0-or-later

/// The shape of one layer. Frames are [bands, channels], row-major. A 1-D convolution has one band, and its channels
/// may be all bands and channels of the previous layer.
package struct LayerShape: Hashable, Sendable {
    /// Prefix of the tensors' names.
    package let name: String
    /// Bands of an input frame.
    package let bands: Int
    /// Channels per band of an input frame.
    package let inputs: Int
    /// Channels per band of an output frame.
    package let outputs: Int
    package let kernel: Architecture.Extent
    package let pool: Architecture.Extent
    /// Whether ReLU follows.
    package let rectified: Bool
    /// Shape of the weights in a file: [out, in], followed by the kernel's dimensions.
    package let tensorShape: [Int]

    /// Inputs of one output, in the order [time, frequency, channel].
    package var fan: Int { kernel.area * inputs }
    /// Consecutive numbers of a frame under the kernel.
    package var segment: Int { kernel.frequency * inputs }
    /// Zeros on either side of a frame's bands.
    package var padding: Int { (kernel.frequency - 1) / 2 }
    /// Bands after pooling.
    package var pooledBands: Int { bands / pool.frequency }
    /// Numbers of an input frame, with the zeros beside its bands.
    package var paddedWidth: Int { (bands + 2 * padding) * inputs }
    /// Numbers of an output frame.
    package var pooledWidth: Int { pooledBands * outputs }
}

extension Architecture {
    /// The layers of each branch.
    package func layers(coefficients: Int) -> [[LayerShape]] {
        branches.enumerated().map { index, branch in
            branch.layers(coefficients: coefficients, prefix: kind == Self.kind ? "" : "branches.\(index).")
        }
    }

    /// The linear layer from features to labels: one frame, the features of a window.
    func head(labels: Int) -> LayerShape {
        let one = Extent(time: 1, frequency: 1)
        return LayerShape(
            name: "head", bands: 1, inputs: features, outputs: labels, kernel: one, pool: one, rectified: false,
            tensorShape: [labels, features])
    }

    /// Transposes [rows, a, b] to [rows, b, a]: between a file's [out, in, kernel] and inference's [out, kernel, in].
    package static func transposed(_ values: [Float], rows: Int, _ a: Int, _ b: Int) -> [Float] {
        precondition(values.count == rows * a * b, "not \(rows) x \(a) x \(b) numbers")
        return values.withUnsafeBufferPointer { values in
            [Float](unsafeUninitializedCapacity: values.count) { result, filled in
                // A start waits for this, so it writes in order.
                for row in 0..<rows {
                    for j in 0..<b {
                        for i in 0..<a { result[(row * b + j) * a + i] = values[(row * a + i) * b + j] }
                    }
                }
                filled = values.count
            }
        }
    }
}

extension Architecture.Branch {
    /// The linear layer that computes bands, the 2-D blocks, the 1-D blocks.
    fileprivate func layers(coefficients: Int, prefix: String) -> [LayerShape] {
        let none = Architecture.Extent(time: 1, frequency: 1)
        var result: [LayerShape] = []
        var width = coefficients
        if !blocks2d.isEmpty {
            result.append(
                LayerShape(
                    name: "\(prefix)input", bands: 1, inputs: coefficients, outputs: bands, kernel: none, pool: none,
                    rectified: false, tensorShape: [bands, coefficients]))
            var (left, channels) = (bands, 1)
            for (index, block) in blocks2d.enumerated() {
                result.append(
                    LayerShape(
                        name: "\(prefix)blocks2d.\(index)", bands: left, inputs: channels, outputs: block.channels,
                        kernel: block.kernel, pool: block.pool, rectified: true,
                        tensorShape: [block.channels, channels, block.kernel.time, block.kernel.frequency]))
                channels = block.channels
                left /= block.pool.frequency
            }
            width = left * channels
        }
        for (index, block) in blocks.enumerated() {
            result.append(
                LayerShape(
                    name: "\(prefix)blocks.\(index)", bands: 1, inputs: width, outputs: block.channels,
                    kernel: Architecture.Extent(time: block.kernel, frequency: 1),
                    pool: Architecture.Extent(time: block.pool, frequency: 1), rectified: true,
                    tensorShape: [block.channels, width, block.kernel]))
            width = block.channels
        }
        return result
    }
}
