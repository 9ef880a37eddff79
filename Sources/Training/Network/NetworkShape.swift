// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// Layout of the network's trainable parameters in one flat array. Gradients, moments and averages use the same layout.
///
/// The linear layer that makes a branch's bands is not included: `InputTransform` does its work in training, and the blocks
/// start with bands.
struct NetworkShape: Sendable, Equatable {
    struct Block: Sendable, Equatable {
        let layer: LayerShape
        /// Input frames, positions after the convolution, positions after pooling.
        let frames: Int
        let positions: Int
        let pooled: Int
        /// [outputs, fan]; the convolution has no bias, since batch normalisation adds a shift.
        let weight: Range<Int>
        /// Parameters of batch normalisation, [outputs] each.
        let scale: Range<Int>
        let shift: Range<Int>

        var outputs: Int { layer.outputs }
        /// Number of inputs of one output.
        var fan: Int { layer.fan }
        /// Sizes for one window: input numbers, rows after the convolution (one for each position and band), output
        /// numbers.
        var inputCount: Int { frames * layer.bands * layer.inputs }
        var rows: Int { positions * layer.bands }
        var outputCount: Int { pooled * layer.pooledWidth }
        /// Offsets from the first row of a pool to each of its rows.
        var poolOffsets: [Int] {
            (0..<layer.pool.time).flatMap { time in
                (0..<layer.pool.frequency).map { time * layer.bands + $0 }
            }
        }
    }

    struct Branch: Sendable, Equatable {
        /// Numbers in an input frame: coefficients or bands.
        let inputs: Int
        /// Indices of the branch's blocks in the network.
        let blocks: Range<Int>
        /// Indices of the branch's features: means, maxima and deviations of the last block.
        let features: Range<Int>
    }

    let architecture: Architecture
    /// Frames in a window.
    let frames: Int
    let labels: Int
    let branches: [Branch]
    /// The blocks of all branches.
    let blocks: [Block]
    /// [labels, features].
    let headWeight: Range<Int>
    let headBias: Range<Int>
    /// Number of trainable parameters.
    let count: Int

    init(architecture: Architecture, coefficients: Int, frames: Int, labels: Int) {
        var next = 0
        func take(_ count: Int) -> Range<Int> {
            defer { next += count }
            return next..<(next + count)
        }
        var branches: [Branch] = []
        var blocks: [Block] = []
        var features = 0
        for layers in architecture.layers(coefficients: coefficients) {
            var length = frames
            let first = blocks.count
            for layer in layers where layer.rectified {
                let positions = length - (layer.kernel.time - 1)
                blocks.append(
                    Block(
                        layer: layer, frames: length, positions: positions, pooled: positions / layer.pool.time,
                        weight: take(layer.outputs * layer.fan), scale: take(layer.outputs),
                        shift: take(layer.outputs)))
                length = positions / layer.pool.time
            }
            let width = (blocks.last?.outputs ?? 0) * architecture.statistics.count
            branches.append(
                Branch(
                    inputs: blocks[first].layer.bands * blocks[first].layer.inputs, blocks: first..<blocks.count,
                    features: features..<(features + width)))
            features += width
        }
        self.architecture = architecture
        self.frames = frames
        self.labels = labels
        self.branches = branches
        self.blocks = blocks
        headWeight = take(labels * architecture.features)
        headBias = take(labels)
        count = next
    }

    var features: Int { architecture.features }

    /// Parameters with weight decay: matrices, but not scales, shifts and biases.
    var decayed: [Range<Int>] { blocks.map(\.weight) + [headWeight] }

    /// Initial parameters as in PyTorch: weights uniform within ±1/√fan, scales 1, shifts 0.
    func initialParameters(seed: UInt64) -> [Float] {
        var parameters = [Float](repeating: 0, count: count)
        func fill(_ range: Range<Int>, fan: Int, _ layer: Int) {
            var generator = CounterGenerator(seed: seed, index: layer, purpose: .initialisation)
            let bound = 1 / Float(fan).squareRoot()
            for index in range { parameters[index] = generator.uniform(-bound, bound) }
        }
        for (index, block) in blocks.enumerated() {
            fill(block.weight, fan: block.fan, index)
            for place in block.scale { parameters[place] = 1 }
        }
        fill(headWeight, fan: features, blocks.count)
        fill(headBias, fan: features, blocks.count + 1)
        return parameters
    }
}
