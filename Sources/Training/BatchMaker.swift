import Foundation
import Model
import Streaming

/// Mean and deviation of each coefficient over augmented windows: what the network's input is standardised by, and
/// what is folded into the first convolution at the end.
struct Standardization: Sendable, Equatable {
    var mean: [Float]
    var deviation: [Float]
}

/// Fills a network's input and targets: windows drawn and augmented, mixed in pairs, transformed and standardised.
final class BatchMaker {
    let standardization: Standardization

    private let augmenter: Augmenter
    private let configuration: TrainingConfiguration
    private let seed: UInt64
    private let labels: Int
    private let workers: Workers
    private let frontEnd = FrontEnd.version1
    private let cosine = CosineTransform()
    /// [batch, frames, bands]: windows as they were drawn, and mixed.
    private let drawn: Storage
    private let mixed: Storage
    private let drawnLabels: UnsafeMutablePointer<Int>

    /// Windows that the standardisation is measured on.
    private static let measuredWindows = 1024

    init(
        corpus: Corpus, training: [Int], configuration: TrainingConfiguration, seed: UInt64, workers: Workers
    ) throws(TrainingError) {
        let sampler = WindowSampler(corpus: corpus, training: training, configuration: configuration.sampling)
        guard !sampler.genres.isEmpty else {
            throw TrainingError(.badParameter, "there is no music to train on: every track is held out or has weight 0")
        }
        augmenter = Augmenter(corpus: corpus, sampler: sampler, configuration: configuration.augmentation)
        self.configuration = configuration
        self.seed = seed
        self.workers = workers
        labels = corpus.labels.count
        let window = frontEnd.windowFrames * frontEnd.melBands
        drawn = Storage(configuration.batch * window)
        mixed = Storage(configuration.batch * window)
        drawnLabels = .allocate(capacity: configuration.batch)
        drawnLabels.initialize(repeating: 0, count: configuration.batch)
        standardization = Self.measure(augmenter, cosine, seed: seed, workers: workers)
    }

    deinit { drawnLabels.deallocate() }

    private static func measure(
        _ augmenter: Augmenter, _ cosine: CosineTransform, seed: UInt64, workers: Workers
    ) -> Standardization {
        let (frames, bands) = (FrontEnd.version1.windowFrames, cosine.inputs)
        let windows = Storage(measuredWindows * frames * bands)
        let coefficients = Storage(measuredWindows * frames * cosine.outputs)
        workers.forEach(measuredWindows) { index, _ in
            var generator = CounterGenerator(seed: seed, index: index, purpose: .standardisation)
            let window = windows.pointer + index * frames * bands
            _ = augmenter.prepare(index: index, &generator, into: window)
            transform(window, cosine, frames: frames, into: coefficients.pointer + index * frames * cosine.outputs)
        }
        let rows = measuredWindows * frames
        var mean = [Double](repeating: 0, count: cosine.outputs)
        var squares = mean
        for row in 0..<rows {
            for index in 0..<cosine.outputs {
                mean[index] += Double(coefficients.pointer[row * cosine.outputs + index])
            }
        }
        for index in mean.indices { mean[index] /= Double(rows) }
        for row in 0..<rows {
            for index in 0..<cosine.outputs {
                let difference = Double(coefficients.pointer[row * cosine.outputs + index]) - mean[index]
                squares[index] += difference * difference
            }
        }
        return Standardization(
            mean: mean.map(Float.init),
            deviation: squares.map { max(1e-3, Float(($0 / Double(rows)).squareRoot())) })
    }

    /// The cosine transform of many frames at once: its own matrix, by a matrix product.
    private static func transform(
        _ window: UnsafePointer<Float>, _ cosine: CosineTransform, frames: Int,
        into coefficients: UnsafeMutablePointer<Float>
    ) {
        cosine.matrix.withUnsafeBufferPointer {
            BLAS.multiply(
                window, $0.baseAddress!, transposingB: true, rows: frames, columns: cosine.outputs,
                inner: cosine.inputs, into: coefficients)
        }
    }

    /// Prepares the batch of a step.
    func fill(_ network: TrainingNetwork, step: Int) {
        let batch = configuration.batch
        let window = frontEnd.windowFrames * frontEnd.melBands
        workers.forEach(batch) { index, _ in
            var generator = CounterGenerator(seed: seed, step: step, index: index, purpose: .sample)
            drawnLabels[index] = augmenter.prepare(index: index, &generator, into: drawn.pointer + index * window)
        }
        var generator = CounterGenerator(seed: seed, step: step, purpose: .mixup)
        let partners = Array(0..<batch).shuffled(using: &generator)
        let shares: [Float] = (0..<batch).map { _ in
            guard configuration.mixup > 0 else { return 1 }
            let share = generator.beta(Float(configuration.mixup))
            return max(share, 1 - share)
        }
        let coefficients = frontEnd.windowFrames * frontEnd.coefficients
        let smoothing = Float(configuration.labelSmoothing)
        workers.forEach(batch) { index, _ in
            let (partner, share) = (partners[index], shares[index])
            let target = mixed.pointer + index * window
            let (a, b) = (drawn.pointer + index * window, drawn.pointer + partner * window)
            for place in 0..<window { target[place] = b[place] + share * (a[place] - b[place]) }
            let output = network.input.pointer + index * coefficients
            Self.transform(target, cosine, frames: frontEnd.windowFrames, into: output)
            standardize(output)
            let wanted = network.targets.pointer + index * labels
            for label in 0..<labels { wanted[label] = smoothing / Float(labels) }
            wanted[drawnLabels[index]] += share * (1 - smoothing)
            wanted[drawnLabels[partner]] += (1 - share) * (1 - smoothing)
        }
    }

    private func standardize(_ window: UnsafeMutablePointer<Float>) {
        let count = frontEnd.coefficients
        for frame in 0..<frontEnd.windowFrames {
            for index in 0..<count {
                let place = frame * count + index
                window[place] = (window[place] - standardization.mean[index]) / standardization.deviation[index]
            }
        }
    }
}
