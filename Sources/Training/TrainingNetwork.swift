import Foundation
import Model

/// The network on batches of windows, forwards and backwards: valid convolution as a matrix product, batch
/// normalisation, ReLU, max-pooling, statistics over time, dropout, linear layer, cross-entropy of soft targets.
///
/// Activations lie as [window, time, channel]. The batch is cut into parts of a fixed size that the workers take one
/// by one; what parts contribute to statistics and gradients is added up in their order.
final class TrainingNetwork {
    let shape: NetworkShape
    let batch: Int
    let workers: Workers

    /// The trainable numbers, laid out by `shape`.
    var parameters: [Float]
    var running: RunningStatistics
    /// Of the mean loss by each of `parameters`, after `backward`.
    let gradient: Storage

    /// [batch, frames, inputs]: standardised coefficients; to be filled before `forward`.
    let input: Storage
    /// [batch, labels]: soft targets; to be filled before `backward`.
    let targets: Storage
    /// [batch, labels], after `forward`.
    let logits: Storage

    /// Added to batch normalisation's variance, as in PyTorch.
    static let epsilon: Float = 1e-5
    /// The share of a batch's statistics in the running ones, as in PyTorch.
    static let momentum: Float = 0.1
    /// Windows a part: enough rows for a quick matrix product, few enough to stay in a core's cache.
    static let windowsPerPart = 32

    let layers: [Layer]
    let parts: Int
    let scratch: [Scratch]
    /// The last block's output, [batch, positions, channels], the statistics after dropout, and what dropout
    /// multiplied them by, [batch, features].
    let pooled: Storage
    let features: Storage
    let dropoutMask: Storage
    let partialGradients: Storage
    /// Each part's summed loss and hits; plain memory, since the workers write to it at once, each to its own parts.
    let partLoss: UnsafeMutablePointer<Double>
    let partHits: UnsafeMutablePointer<Int>

    /// One block's state.
    final class Layer {
        let block: NetworkShape.Block
        /// What comes in, [batch, frames, inputs]; the first block's is the network's input.
        let input: Storage
        /// The convolution's output before normalisation, [batch, positions, outputs].
        let convolved: Storage
        /// Of the loss by `convolved`, while going backwards.
        let delta: Storage
        /// Of the batch (or the running ones), then what normalisation comes to: scale·value + shift.
        let mean: Storage
        let inverseDeviation: Storage
        let scale: Storage
        let shift: Storage
        /// Each part's two sums a channel: forwards mean and squared deviations, backwards Σδ and Σδ·x̂.
        let sums: Storage
        /// Σδ and Σδ·x̂ over the batch, divided by its rows.
        let meanDelta: Storage
        let meanDeltaNormalised: Storage

        init(block: NetworkShape.Block, batch: Int, parts: Int, input: Storage?) {
            self.block = block
            self.input = input ?? Storage(batch * block.frames * block.inputs)
            convolved = Storage(batch * block.positions * block.outputs)
            delta = Storage(batch * block.positions * block.outputs)
            mean = Storage(block.outputs)
            inverseDeviation = Storage(block.outputs)
            scale = Storage(block.outputs)
            shift = Storage(block.outputs)
            sums = Storage(parts * 2 * block.outputs)
            meanDelta = Storage(block.outputs)
            meanDeltaNormalised = Storage(block.outputs)
        }
    }

    /// A worker's own memory.
    final class Scratch {
        /// The matrix of a part's convolution: a row a position, under it the frames that the kernel sees.
        let columns: Storage
        /// Of the loss by a part's input or features.
        let delta: Storage
        let channel: Storage

        init(shape: NetworkShape, windows: Int) {
            columns = Storage(windows * (shape.blocks.map { $0.positions * $0.fan }.max() ?? 0))
            let activations = shape.blocks.map { max($0.frames * $0.inputs, $0.pooled * $0.outputs) }.max() ?? 0
            delta = Storage(windows * max(activations, shape.features))
            channel = Storage(shape.blocks.map(\.outputs).max() ?? 0)
        }
    }

    init(shape: NetworkShape, batch: Int, workers: Workers, seed: UInt64) {
        self.shape = shape
        self.batch = batch
        self.workers = workers
        parameters = shape.initialParameters(seed: seed)
        running = RunningStatistics(shape: shape)
        gradient = Storage(shape.count)
        input = Storage(batch * shape.frames * shape.inputs)
        targets = Storage(batch * shape.labels)
        logits = Storage(batch * shape.labels)
        parts = (batch + Self.windowsPerPart - 1) / Self.windowsPerPart
        var layers: [Layer] = []
        for block in shape.blocks {
            layers.append(Layer(block: block, batch: batch, parts: parts, input: layers.isEmpty ? input : nil))
        }
        self.layers = layers
        scratch = (0..<workers.count).map { _ in Scratch(shape: shape, windows: Self.windowsPerPart) }
        let last = shape.blocks.last
        pooled = Storage(batch * (last?.pooled ?? 0) * (last?.outputs ?? 0))
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

    /// The windows of a part.
    func windows(_ part: Int) -> Range<Int> {
        (part * Self.windowsPerPart)..<min(batch, (part + 1) * Self.windowsPerPart)
    }

    /// The parameters of a range, for reading.
    func withParameters<T>(_ body: (UnsafePointer<Float>) -> T) -> T {
        parameters.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
