// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// Forward and backward passes of the network on batches of windows: convolution as a matrix product, batch normalisation,
/// ReLU, max-pooling, statistics over time, dropout, linear layer, and cross-entropy with soft targets.
///
/// Activations have the layout [window, time, band, channel]; a 1-D block has one band. The batch is divided into parts of
/// a fixed size, which the workers take one by one. The parts' contributions to statistics and gradients are added in the
/// order of the parts. Within a part, a convolution works on chunks that fit in a core's cache.
final class TrainingNetwork {
    let shape: NetworkShape
    let batch: Int
    let workers: Workers

    /// The trainable parameters, with the layout of `shape`.
    var parameters: [Float]
    var running: RunningStatistics
    /// Derivative of the mean loss with respect to each parameter, after `backward`.
    let gradient: OwnedBuffer<Float>

    let branches: [Branch]
    /// [batch, labels]: soft targets; fill them before `backward`.
    let targets: OwnedBuffer<Float>
    /// [batch, labels]: the mean of the branches' logits, after `forward`.
    let logits: OwnedBuffer<Float>
    /// [branch, batch, labels]: each branch's own logits, which are its share of the linear layer times the number of
    /// branches. After `backward`, the derivative of the loss with respect to them.
    let branchLogits: OwnedBuffer<Float>

    /// Added to the variance in batch normalisation, as in PyTorch.
    static let epsilon: Float = 1e-5
    /// Weight of a batch's statistics in the running statistics, as in PyTorch.
    static let momentum: Float = 0.1
    /// Windows in a part.
    static let windowsPerPart = 32
    /// Approximate size of a chunk's matrix: enough rows for a fast product, few enough to stay in the cache.
    static let numbersPerChunk = 1 << 18

    let parts: Int
    let scratch: [Scratch]
    /// [batch, features]: the statistics after dropout, and the factors that dropout multiplied them by.
    let features: OwnedBuffer<Float>
    let dropoutMask: OwnedBuffer<Float>
    let partialGradients: OwnedBuffer<Float>
    /// Summed loss and number of hits of each part.
    let partLoss: OwnedBuffer<Double>
    let partHits: OwnedBuffer<Int>

    /// A branch's layers with their input and output.
    final class Branch {
        let shape: NetworkShape.Branch
        let layers: [Layer]
        /// [batch, positions, channels]: output of the last block.
        let pooled: OwnedBuffer<Float>

        init(shape: NetworkShape.Branch, layers: [Layer], batch: Int) {
            self.shape = shape
            self.layers = layers
            pooled = OwnedBuffer(repeating: 0, count: batch * (layers.last?.block.outputCount ?? 0))
        }

        /// [batch, frames, inputs]: standardised coefficients or bands; fill them before `forward`.
        var input: UnsafeMutableBufferPointer<Float> { layers[0].input.elements }
    }

    /// State of one block.
    final class Layer {
        let block: NetworkShape.Block
        /// Index among the network's blocks.
        let index: Int
        /// The layer before this one in its branch.
        let previous: Layer?
        /// Windows in a chunk.
        let windowsPerChunk: Int
        let poolOffsets: [Int]
        /// [batch, frames, bands, inputs]: input of the block.
        let input: OwnedBuffer<Float>
        /// [batch, positions, bands, outputs]: output of the convolution, before normalisation.
        let convolved: OwnedBuffer<Float>
        /// [batch, pooled, pooledBands, outputs]: derivative of the loss with respect to the output, in the backward pass.
        let outputDelta: OwnedBuffer<Float>
        /// Batch (or running) statistics, and the resulting normalisation: scale·value + shift.
        let mean: OwnedBuffer<Float>
        let inverseDeviation: OwnedBuffer<Float>
        let scale: OwnedBuffer<Float>
        let shift: OwnedBuffer<Float>
        /// Two sums for each part and channel: mean and squared deviations in the forward pass, Σδ and Σδ·x̂ in the backward
        /// pass.
        let sums: OwnedBuffer<Float>
        /// The derivative with respect to `convolved` is scale·δ + constant + slope·value.
        let deltaConstant: OwnedBuffer<Float>
        let deltaSlope: OwnedBuffer<Float>

        init(block: NetworkShape.Block, index: Int, previous: Layer?, batch: Int, parts: Int) {
            self.block = block
            self.index = index
            self.previous = previous
            let numbers = block.rows * max(block.fan, block.outputs)
            windowsPerChunk = max(1, min(TrainingNetwork.windowsPerPart, TrainingNetwork.numbersPerChunk / numbers))
            poolOffsets = block.poolOffsets
            input = OwnedBuffer(repeating: 0, count: batch * block.inputCount)
            convolved = OwnedBuffer(repeating: 0, count: batch * block.rows * block.outputs)
            outputDelta = OwnedBuffer(repeating: 0, count: batch * block.outputCount)
            mean = OwnedBuffer(repeating: 0, count: block.outputs)
            inverseDeviation = OwnedBuffer(repeating: 0, count: block.outputs)
            scale = OwnedBuffer(repeating: 0, count: block.outputs)
            shift = OwnedBuffer(repeating: 0, count: block.outputs)
            sums = OwnedBuffer(repeating: 0, count: parts * 2 * block.outputs)
            deltaConstant = OwnedBuffer(repeating: 0, count: block.outputs)
            deltaSlope = OwnedBuffer(repeating: 0, count: block.outputs)
        }

        /// Divides windows into chunks.
        func chunks(_ windows: Range<Int>) -> [Range<Int>] {
            stride(from: windows.lowerBound, to: windows.upperBound, by: windowsPerChunk).map {
                $0..<min($0 + windowsPerChunk, windows.upperBound)
            }
        }

        func convolved(_ window: Int) -> UnsafeMutablePointer<Float> {
            convolved.pointer + window * block.rows * block.outputs
        }

        func outputDelta(_ window: Int) -> UnsafeMutablePointer<Float> {
            outputDelta.pointer + window * block.outputCount
        }
    }

    /// Memory of one worker.
    final class Scratch {
        /// The matrix of a chunk's convolution: a row has the inputs that the kernel sees for one output row.
        let columns: OwnedBuffer<Float>
        /// Derivative of the loss with respect to a chunk's `convolved`.
        let delta: OwnedBuffer<Float>

        init(layers: [Layer]) {
            columns = OwnedBuffer(
                repeating: 0, count: layers.map { $0.windowsPerChunk * $0.block.rows * $0.block.fan }.max() ?? 0)
            delta = OwnedBuffer(
                repeating: 0, count: layers.map { $0.windowsPerChunk * $0.block.rows * $0.block.outputs }.max() ?? 0)
        }
    }

    init(shape: NetworkShape, batch: Int, workers: Workers, seed: UInt64) {
        self.shape = shape
        self.batch = batch
        self.workers = workers
        parameters = shape.initialParameters(seed: seed)
        running = RunningStatistics(shape: shape)
        gradient = OwnedBuffer(repeating: 0, count: shape.count)
        targets = OwnedBuffer(repeating: 0, count: batch * shape.labels)
        logits = OwnedBuffer(repeating: 0, count: batch * shape.labels)
        branchLogits = OwnedBuffer(repeating: 0, count: shape.branches.count * batch * shape.labels)
        parts = (batch + Self.windowsPerPart - 1) / Self.windowsPerPart
        var branches: [Branch] = []
        for branch in shape.branches {
            var layers: [Layer] = []
            for index in branch.blocks {
                layers.append(
                    Layer(block: shape.blocks[index], index: index, previous: layers.last, batch: batch, parts: parts))
            }
            branches.append(Branch(shape: branch, layers: layers, batch: batch))
        }
        self.branches = branches
        let layers = branches.flatMap(\.layers)
        scratch = (0..<workers.count).map { _ in Scratch(layers: layers) }
        features = OwnedBuffer(repeating: 0, count: batch * shape.features)
        dropoutMask = OwnedBuffer(repeating: 0, count: batch * shape.features)
        partialGradients = OwnedBuffer(repeating: 0, count: parts * shape.count)
        partLoss = OwnedBuffer(repeating: 0, count: parts)
        partHits = OwnedBuffer(repeating: 0, count: parts)
    }

    /// Bytes of memory that a network of this shape needs for a batch.
    static func bytes(_ shape: NetworkShape, batch: Int) -> Int {
        let activations = shape.blocks.reduce(2 * shape.features) {
            $0 + $1.inputCount + $1.rows * $1.outputs + 2 * $1.outputCount
        }
        let parts = (batch + windowsPerPart - 1) / windowsPerPart
        return 4 * (batch * activations + (parts + 2) * shape.count)
    }

    /// The windows of a part.
    func windows(_ part: Int) -> Range<Int> {
        (part * Self.windowsPerPart)..<min(batch, (part + 1) * Self.windowsPerPart)
    }

    /// Calls `body` with the parameters, for reading.
    func withParameters<T>(_ body: (UnsafePointer<Float>) -> T) -> T {
        parameters.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
