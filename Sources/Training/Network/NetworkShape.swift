// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// Where each of the network's trainable numbers lies in one flat array: gradients, moments and averages share it.
///
/// The linear layer that makes a branch's bands is not among them: `InputTransform` does its work, and the blocks begin
/// with bands.
struct NetworkShape: Sendable, Equatable {
    struct Block: Sendable, Equatable {
        let layer: LayerShape
        /// Frames that come in, positions after the convolution, positions after pooling.
        let frames: Int
        let positions: Int
        let pooled: Int
        /// [outputs, fan]; the convolution has no bias of its own, batch normalisation shifts.
        let weight: Range<Int>
        /// Batch normalisation's, [outputs] each.
        let scale: Range<Int>
        let shift: Range<Int>

        var outputs: Int { layer.outputs }
        /// Inputs of one output.
        var fan: Int { layer.fan }
        /// Of one window: numbers that come in, rows after the convolution (a row a position and band), numbers that
        /// go out.
        var inputCount: Int { frames * layer.bands * layer.inputs }
        var rows: Int { positions * layer.bands }
        var outputCount: Int { pooled * layer.pooledWidth }
        /// From the first row of a pool to each of its rows.
        var poolOffsets: [Int] {
            (0..<layer.pool.time).flatMap { time in
                (0..<layer.pool.frequency).map { time * layer.bands + $0 }
            }
        }
    }

    struct Branch: Sendable, Equatable {
        /// Numbers a frame that the blocks begin with: coefficients or bands.
        let inputs: Int
        /// Into the network's blocks.
        let blocks: Range<Int>
        /// Into a window's features: means, maxima and deviations of the last block.
        let features: Range<Int>
    }

    let architecture: Architecture
    /// Frames a window.
    let frames: Int
    let labels: Int
    let branches: [Branch]
    /// Of all branches.
    let blocks: [Block]
    /// [labels, features].
    let headWeight: Range<Int>
    let headBias: Range<Int>
    /// All trainable numbers.
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

    /// What weight decay applies to: matrices, not scales, shifts and biases.
    var decayed: [Range<Int>] { blocks.map(\.weight) + [headWeight] }

    /// Weights as PyTorch starts its layers: uniform within 1/√fan; scales 1, shifts 0.
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
