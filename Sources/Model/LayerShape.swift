// SPDX-License-Identifier: GPL-3.0-or-later

/// One layer of either kind of network. Its frames are [bands, channels], the channel varying fastest: a 1-D
/// convolution has one band, and what one layer gives as bands and channels the next may take as channels alone.
package struct LayerShape: Hashable, Sendable {
    /// What the tensors' names begin with.
    package let name: String
    /// Bands of a frame that comes in.
    package let bands: Int
    /// Channels of a band that comes in and goes out.
    package let inputs: Int
    package let outputs: Int
    package let kernel: Architecture.Extent
    package let pool: Architecture.Extent
    /// Whether ReLU follows.
    package let rectified: Bool
    /// Of the weights in a file: [out, in], and what the kernel has of time and frequency.
    package let tensorShape: [Int]

    /// Inputs of one output, in the order [time, frequency, channel].
    package var fan: Int { kernel.area * inputs }
    /// The same as a 2-D layer's kernel reads them: up to a multiple of what a vector holds (`CKernels`), since what is left
    /// over goes one by one.
    package var patchLength: Int { bands > 1 ? (fan + 15) / 16 * 16 : fan }
    /// Zeros on either side of a frame's bands.
    package var padding: Int { (kernel.frequency - 1) / 2 }
    /// Bands after pooling.
    package var pooledBands: Int { bands / pool.frequency }
    /// Numbers in a frame that comes in, with the zeros beside it.
    package var paddedWidth: Int { (bands + 2 * padding) * inputs }
    /// Numbers in a frame that goes out.
    package var pooledWidth: Int { pooledBands * outputs }
}

extension Architecture {
    /// Each branch's layers before the statistics.
    package func layers(coefficients: Int) -> [[LayerShape]] {
        branches.enumerated().map { index, branch in
            branch.layers(coefficients: coefficients, prefix: kind == Self.kind ? "" : "branches.\(index).")
        }
    }

    /// [rows, a, b] → [rows, b, a]: between a file's [out, in, kernel] and the [out, kernel, in] that is computed with.
    package static func transposed(_ values: [Float], rows: Int, _ a: Int, _ b: Int) -> [Float] {
        var result = [Float](repeating: 0, count: values.count)
        for row in 0..<rows {
            for i in 0..<a {
                for j in 0..<b { result[(row * b + j) * a + i] = values[(row * a + i) * b + j] }
            }
        }
        return result
    }
}

extension Architecture.Branch {
    /// The linear layer that makes bands, the 2-D blocks, the 1-D blocks.
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
