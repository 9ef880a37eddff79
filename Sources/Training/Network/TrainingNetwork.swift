// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model

/// The network on batches of windows, forwards and backwards: convolution as a matrix product, batch normalisation,
/// ReLU, max-pooling, statistics over time, dropout, linear layer, cross-entropy of soft targets.
///
/// Activations lie as [window, time, band, channel]; in a 1-D block there is one band. The batch is cut into parts of a
/// fixed size that the workers take one by one; what parts contribute to statistics and gradients is added up in their
/// order. Within a part a convolution goes by chunks that stay in a core's cache.
final class TrainingNetwork {
    let shape: NetworkShape
    let batch: Int
    let workers: Workers

    /// The trainable numbers, laid out by `shape`.
    var parameters: [Float]
    var running: RunningStatistics
    /// Of the mean loss by each of `parameters`, after `backward`.
    let gradient: Storage

    let branches: [Branch]
    /// [batch, labels]: soft targets; to be filled before `backward`.
    let targets: Storage
    /// [batch, labels], after `forward`: the mean of the branches' logits.
    let logits: Storage
    /// [branch, batch, labels]: what each branch says alone, its share of the linear layer times the number of branches;
    /// after `backward` the loss's derivative by it.
    let branchLogits: Storage

    /// Added to batch normalisation's variance, as in PyTorch.
    static let epsilon: Float = 1e-5
    /// The share of a batch's statistics in the running ones, as in PyTorch.
    static let momentum: Float = 0.1
    /// Windows a part.
    static let windowsPerPart = 32
    /// Numbers of a chunk's matrix, more or less: enough rows for a quick product, few enough to stay in the cache.
    static let numbersPerChunk = 1 << 18

    let parts: Int
    let scratch: [Scratch]
    /// The statistics after dropout, and what dropout multiplied them by, [batch, features].
    let features: Storage
    let dropoutMask: Storage
    let partialGradients: Storage
    /// Each part's summed loss and hits; plain memory, since the workers write to it at once, each to its own parts.
    let partLoss: UnsafeMutablePointer<Double>
    let partHits: UnsafeMutablePointer<Int>

    /// A branch's layers, and what goes in and comes out of them.
    struct Branch {
        let shape: NetworkShape.Branch
        let layers: [Layer]
        /// [batch, frames, inputs]: standardised coefficients or bands; to be filled before `forward`.
        let input: Storage
        /// The last block's output, [batch, positions, channels].
        let pooled: Storage
    }

    /// One block's state.
    final class Layer {
        let block: NetworkShape.Block
        /// Among the network's blocks.
        let index: Int
        /// The one before it in its branch.
        let previous: Layer?
        /// Windows a chunk.
        let windowsPerChunk: Int
        let poolOffsets: [Int]
        /// What comes in, [batch, frames, bands, inputs]; the first block's is the branch's input.
        let input: Storage
        /// The convolution's output before normalisation, [batch, positions, bands, outputs].
        let convolved: Storage
        /// Of the loss by what goes out, [batch, pooled, pooledBands, outputs], while going backwards.
        let outputDelta: Storage
        /// Of the batch (or the running ones), then what normalisation comes to: scale·value + shift.
        let mean: Storage
        let inverseDeviation: Storage
        let scale: Storage
        let shift: Storage
        /// Each part's two sums a channel: forwards mean and squared deviations, backwards Σδ and Σδ·x̂.
        let sums: Storage
        /// What the derivative by `convolved` has beside scale·δ: constant + slope·value.
        let deltaConstant: Storage
        let deltaSlope: Storage

        init(block: NetworkShape.Block, index: Int, previous: Layer?, batch: Int, parts: Int, input: Storage?) {
            self.block = block
            self.index = index
            self.previous = previous
            let numbers = block.rows * max(block.fan, block.outputs)
            windowsPerChunk = max(1, min(TrainingNetwork.windowsPerPart, TrainingNetwork.numbersPerChunk / numbers))
            poolOffsets = block.poolOffsets
            self.input = input ?? Storage(batch * block.inputCount)
            convolved = Storage(batch * block.rows * block.outputs)
            outputDelta = Storage(batch * block.outputCount)
            mean = Storage(block.outputs)
            inverseDeviation = Storage(block.outputs)
            scale = Storage(block.outputs)
            shift = Storage(block.outputs)
            sums = Storage(parts * 2 * block.outputs)
            deltaConstant = Storage(block.outputs)
            deltaSlope = Storage(block.outputs)
        }

        /// The chunks of some windows.
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

    /// A worker's own memory.
    final class Scratch {
        /// The matrix of a chunk's convolution: under each row's output what the kernel sees.
        let columns: Storage
        /// Of the loss by a chunk's `convolved`.
        let delta: Storage

        init(layers: [Layer]) {
            columns = Storage(layers.map { $0.windowsPerChunk * $0.block.rows * $0.block.fan }.max() ?? 0)
            delta = Storage(layers.map { $0.windowsPerChunk * $0.block.rows * $0.block.outputs }.max() ?? 0)
        }
    }

    init(shape: NetworkShape, batch: Int, workers: Workers, seed: UInt64) {
        self.shape = shape
        self.batch = batch
        self.workers = workers
        parameters = shape.initialParameters(seed: seed)
        running = RunningStatistics(shape: shape)
        gradient = Storage(shape.count)
        targets = Storage(batch * shape.labels)
        logits = Storage(batch * shape.labels)
        branchLogits = Storage(shape.branches.count * batch * shape.labels)
        parts = (batch + Self.windowsPerPart - 1) / Self.windowsPerPart
        var branches: [Branch] = []
        for branch in shape.branches {
            let input = Storage(batch * shape.frames * branch.inputs)
            var layers: [Layer] = []
            for index in branch.blocks {
                layers.append(
                    Layer(
                        block: shape.blocks[index], index: index, previous: layers.last, batch: batch, parts: parts,
                        input: layers.isEmpty ? input : nil))
            }
            branches.append(
                Branch(
                    shape: branch, layers: layers, input: input,
                    pooled: Storage(batch * (layers.last?.block.outputCount ?? 0))))
        }
        self.branches = branches
        let layers = branches.flatMap(\.layers)
        scratch = (0..<workers.count).map { _ in Scratch(layers: layers) }
        features = Storage(batch * shape.features)
        dropoutMask = Storage(batch * shape.features)
        partialGradients = Storage(parts * shape.count)
        partLoss = .allocate(capacity: parts)
        partHits = .allocate(capacity: parts)
        partLoss.initialize(repeating: 0, count: parts)
        partHits.initialize(repeating: 0, count: parts)
    }

    deinit {
        partLoss.deallocate()
        partHits.deallocate()
    }

    /// Memory that a network of this shape takes for such a batch, in bytes.
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

    /// The parameters of a range, for reading.
    func withParameters<T>(_ body: (UnsafePointer<Float>) -> T) -> T {
        parameters.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
