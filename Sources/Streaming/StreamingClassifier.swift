import Foundation
import Model

/// What is known after an update; the pointers are valid during the call that hands it over.
public struct StreamEstimate {
    /// Seconds of audio heard, to the end of the last whole frame.
    public var position: Double
    public var state: StreamState
    /// The label of the states `genre` and `noMusic`, an index into the model's labels.
    public var label: Int?
    /// 0 to 1, see `Estimator.confidence`.
    public var confidence: Float
    /// RMS level of the audio since the last update, dB below full scale, at least -120.
    public var level: Float
    /// Each label's smoothed probability.
    public var probabilities: UnsafeBufferPointer<Float>
    /// Each label's calibrated probability in the last window alone; nil before the first window.
    public var window: UnsafeBufferPointer<Float>?
}

/// The whole way from a source's samples to its estimates: resampler, frames, log-mel, level, MFCC, network, estimator.
///
/// Synchronous, for one thread at a time, and without any clock but the sample count. What it says depends on the
/// samples alone, not on how they are cut. After the first second it allocates nothing and takes no lock.
public final class StreamingClassifier {
    public let model: GenreModel
    public let inputRate: Int
    /// Seconds between estimates.
    public let updateInterval: Double

    private let resampler: Resampler
    private let logMel: LogMelStream
    private var normalizer: LevelNormalizer
    private let cosine: CosineTransform
    private let network: IncrementalNetwork
    private let estimator: Estimator

    private let clean: UnsafeMutablePointer<Float>
    private let coefficients: UnsafeMutablePointer<Float>
    private let window: UnsafeMutableBufferPointer<Float>

    /// Network steps per published estimate.
    private let stepsPerUpdate: Int
    private var stepsSinceUpdate = 0
    private var hasWindow = false
    /// Which of the last window's frames were silent, as a ring.
    private var silentFrames: [Bool]
    private var silentCount = 0
    private var framesSinceStep = 0
    private var silentSinceStep = 0
    private var powerSinceUpdate = 0.0
    private var framesSinceUpdate = 0
    private let silencePower: Float

    /// - Parameters:
    ///   - inputRate: of the samples that will be pushed, Hz.
    ///   - updateInterval: seconds between estimates, a multiple of `step(of:)`.
    public init(
        model: GenreModel, inputRate: Int, updateInterval: Double? = nil,
        estimator parameters: EstimatorParameters = EstimatorParameters()
    ) throws(StreamingError) {
        let frontEnd = model.frontEnd
        let step = Self.step(of: model)
        let steps = ((updateInterval ?? step) / step).rounded()
        guard steps >= 1, steps <= 10_000, abs(steps * step - (updateInterval ?? step)) < 1e-6 else {
            throw StreamingError(
                .badParameter,
                "an update every \(updateInterval ?? 0) s: it must be a multiple of the network's step, \(step) s")
        }
        self.model = model
        self.inputRate = inputRate
        self.updateInterval = steps * step
        stepsPerUpdate = Int(steps)
        resampler = try Resampler(inputRate: inputRate, outputRate: frontEnd.sampleRate)
        logMel = try LogMelStream(frontEnd: frontEnd)
        normalizer = LevelNormalizer(frontEnd: frontEnd)
        cosine = CosineTransform(frontEnd: frontEnd)
        network = IncrementalNetwork(model: model)
        estimator = try Estimator(labels: model.labels.count, noMusic: model.noMusicIndex, parameters: parameters)
        clean = .allocate(capacity: Resampler.block)
        coefficients = .allocate(capacity: frontEnd.coefficients)
        window = .allocate(capacity: model.labels.count)
        silentFrames = [Bool](repeating: true, count: frontEnd.windowFrames)
        silencePower = Float(pow(10, parameters.silenceLevel / 10))
        clean.initialize(repeating: 0, count: Resampler.block)
        coefficients.initialize(repeating: 0, count: frontEnd.coefficients)
        window.initialize(repeating: 0)
        silentCount = silentFrames.count
    }

    deinit {
        clean.deallocate()
        coefficients.deallocate()
        window.deallocate()
    }

    /// Seconds from one window to the next; estimates can come no more often.
    public static func step(of model: GenreModel) -> Double {
        Double(model.architecture.step) * model.frontEnd.hopDuration
    }

    /// Frames analysed since the last reset.
    public var frames: Int { logMel.frames }

    /// Seconds of audio heard, to the end of the last whole frame.
    public var position: Double { model.frontEnd.duration(frames: logMel.frames) }

    /// The label published now, most recent evidence included.
    public var current: StreamEstimate {
        let mean = framesSinceUpdate > 0 ? powerSinceUpdate / Double(framesSinceUpdate) : 0
        return StreamEstimate(
            position: position, state: estimator.state, label: estimator.label, confidence: estimator.confidence,
            level: Float(10 * log10(max(mean, 1e-12))), probabilities: UnsafeBufferPointer(estimator.probabilities),
            window: hasWindow ? UnsafeBufferPointer(window) : nil)
    }

    /// Takes mono samples at `inputRate` and hands over each estimate that they complete.
    public func process(_ samples: UnsafeBufferPointer<Float>, _ publish: (StreamEstimate) -> Void) {
        var offset = 0
        while offset < samples.count {
            let count = min(Resampler.block, samples.count - offset)
            for index in 0..<count { clean[index] = Self.sane(samples[offset + index]) }
            offset += count
            resampler.process(UnsafeBufferPointer(start: clean, count: count)) { analyse($0, publish) }
        }
    }

    /// Ends the stream: analyses what the resampler still holds, and publishes a last estimate if anything was
    /// heard since the one before.
    public func finish(_ publish: (StreamEstimate) -> Void) {
        resampler.finish { analyse($0, publish) }
        if framesSinceUpdate > 0 { publish(current) }
    }

    /// Starts anew, as for a device that was reopened: nothing heard before counts.
    public func reset() {
        resampler.reset()
        logMel.reset()
        normalizer.reset()
        network.reset()
        estimator.reset()
        stepsSinceUpdate = 0
        hasWindow = false
        for index in silentFrames.indices { silentFrames[index] = true }
        silentCount = silentFrames.count
        framesSinceStep = 0
        silentSinceStep = 0
        powerSinceUpdate = 0
        framesSinceUpdate = 0
    }

    /// Not a number and infinity become silence; 24 dB over full scale is the most that is taken seriously, so that
    /// no sum of squares overflows.
    @inline(__always)
    static func sane(_ sample: Float) -> Float {
        sample.isFinite ? max(-16, min(16, sample)) : 0
    }

    private func analyse(_ samples: UnsafeBufferPointer<Float>, _ publish: (StreamEstimate) -> Void) {
        logMel.push(samples) { frame in
            count(frame)
            normalizer.process(frame.bands)
            cosine.process(frame.bands.baseAddress!, into: coefficients)
            let hasNewWindow = network.push(coefficients)
            if hasNewWindow {
                hasWindow = true
                for index in window.indices { window[index] = network.logits[index] }
                model.calibrate(window)
            }
            let windowFrames = model.frontEnd.windowFrames
            guard (logMel.frames - windowFrames) % model.architecture.step == 0 else { return }
            step(publish)
        }
    }

    private func count(_ frame: LogMelStream.Frame) {
        let silent = frame.power < silencePower
        let slot = (logMel.frames - 1) % silentFrames.count
        silentCount += (silent ? 1 : 0) - (silentFrames[slot] ? 1 : 0)
        silentFrames[slot] = silent
        framesSinceStep += 1
        if silent { silentSinceStep += 1 }
        powerSinceUpdate += Double(frame.power)
        framesSinceUpdate += 1
    }

    /// A network step is complete: the estimator hears of it, and every few steps the world does.
    private func step(_ publish: (StreamEstimate) -> Void) {
        estimator.update(
            window: hasWindow ? UnsafeBufferPointer(window) : nil,
            active: 1 - Double(silentCount) / Double(silentFrames.count),
            silent: silentSinceStep == framesSinceStep,
            elapsed: Double(framesSinceStep) * model.frontEnd.hopDuration)
        framesSinceStep = 0
        silentSinceStep = 0
        stepsSinceUpdate += 1
        guard stepsSinceUpdate == stepsPerUpdate else { return }
        publish(current)
        stepsSinceUpdate = 0
        powerSinceUpdate = 0
        framesSinceUpdate = 0
    }
}
