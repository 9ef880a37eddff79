import Foundation
import Model

/// One step of a stream: what the network and the silence gate say of the window that ends now.
public struct WindowStep {
    /// Seconds of audio heard, to the end of the last whole frame.
    public var position: Double
    /// Each label's calibrated probability in the window; nil while less than a window has been heard. Valid during
    /// the call that hands it over.
    public var window: UnsafeBufferPointer<Float>?
    /// The share of the window's frames that are not silent, 0 to 1.
    public var active: Double
    /// Whether every frame since the step before was silent.
    public var silent: Bool
    /// Seconds of audio since the step before.
    public var elapsed: Double
    /// The mean square of the audio since the step before, full scale = 1.
    public var power: Double
}

/// Samples in, window probabilities out: resampler, frames, log-mel, level, MFCC, network.
///
/// The one way from audio to what the network says, for the daemon and for files. Synchronous, for one thread at a
/// time, without any clock but the sample count. What it says depends on the samples alone, not on how they are cut.
/// After the first second it allocates nothing and takes no lock.
public final class WindowStream {
    public let model: GenreModel

    private let audio: AudioFrames
    private var normalizer: LevelNormalizer
    private let cosine: CosineTransform
    private let network: IncrementalNetwork

    private let coefficients: UnsafeMutablePointer<Float>
    private let window: UnsafeMutableBufferPointer<Float>
    private var hasWindow = false

    /// Which of the last window's frames were silent, as a ring; audio that never was counts as silent.
    private var silentFrames: [Bool]
    private var silentCount = 0
    private let silencePower: Float
    private var framesSinceStep = 0
    private var silentSinceStep = 0
    private var powerSinceStep = 0.0

    /// - Parameters:
    ///   - inputRate: of the samples that will be pushed, 8 000 to 192 000 Hz.
    ///   - silenceLevel: audio below it is silent, dB below full scale (RMS).
    public init(model: GenreModel, inputRate: Int, silenceLevel: Double) throws(StreamingError) {
        let frontEnd = model.frontEnd
        self.model = model
        audio = try AudioFrames(inputRate: inputRate, frontEnd: frontEnd)
        normalizer = LevelNormalizer(frontEnd: frontEnd)
        cosine = CosineTransform(frontEnd: frontEnd)
        network = IncrementalNetwork(model: model)
        coefficients = .allocate(capacity: frontEnd.coefficients)
        window = .allocate(capacity: model.labels.count)
        coefficients.initialize(repeating: 0, count: frontEnd.coefficients)
        window.initialize(repeating: 0)
        silencePower = Float(pow(10, silenceLevel / 10))
        silentFrames = [Bool](repeating: true, count: frontEnd.windowFrames)
        silentCount = silentFrames.count
    }

    deinit {
        coefficients.deallocate()
        window.deallocate()
    }

    /// Hz.
    public var inputRate: Int { audio.inputRate }

    /// Seconds from one window to the next.
    public static func step(of model: GenreModel) -> Double {
        Double(model.architecture.step) * model.frontEnd.hopDuration
    }

    /// Frames analysed since the last reset.
    public var frames: Int { audio.frames }

    /// Seconds of audio heard, to the end of the last whole frame.
    public var position: Double { audio.position }

    /// The mean square of the audio since the last step, and over how many frames; what a stream's end has left over.
    public var rest: (power: Double, frames: Int) { (powerSinceStep, framesSinceStep) }

    /// The last window's probabilities, if there was one.
    public var lastWindow: UnsafeBufferPointer<Float>? { hasWindow ? UnsafeBufferPointer(window) : nil }

    /// Takes mono samples at `inputRate` and hands over each step that they complete.
    public func process(_ samples: UnsafeBufferPointer<Float>, _ consume: (WindowStep) -> Void) {
        audio.push(samples) { analyse($0, consume) }
    }

    /// Ends the stream: hands over the steps that what the resampler still holds completes.
    public func finish(_ consume: (WindowStep) -> Void) {
        audio.finish { analyse($0, consume) }
    }

    /// Starts anew: nothing heard before counts.
    public func reset() {
        audio.reset()
        normalizer.reset()
        network.reset()
        hasWindow = false
        for index in silentFrames.indices { silentFrames[index] = true }
        silentCount = silentFrames.count
        startStep()
    }

    private func analyse(_ frame: LogMelStream.Frame, _ consume: (WindowStep) -> Void) {
        count(frame)
        normalizer.process(frame.bands)
        cosine.process(frame.bands.baseAddress!, into: coefficients)
        if network.push(coefficients) {
            hasWindow = true
            window.baseAddress!.update(from: network.logits.baseAddress!, count: window.count)
            model.calibrate(window)
        }
        // Steps lie on the grid of the windows, before the first one too.
        guard (audio.frames - model.frontEnd.windowFrames) % model.architecture.step == 0 else { return }
        consume(
            WindowStep(
                position: position, window: lastWindow,
                active: 1 - Double(silentCount) / Double(silentFrames.count),
                silent: silentSinceStep == framesSinceStep,
                elapsed: Double(framesSinceStep) * model.frontEnd.hopDuration,
                power: powerSinceStep / Double(framesSinceStep)))
        startStep()
    }

    private func count(_ frame: LogMelStream.Frame) {
        let silent = frame.power < silencePower
        let slot = (audio.frames - 1) % silentFrames.count
        silentCount += (silent ? 1 : 0) - (silentFrames[slot] ? 1 : 0)
        silentFrames[slot] = silent
        framesSinceStep += 1
        if silent { silentSinceStep += 1 }
        powerSinceStep += Double(frame.power)
    }

    private func startStep() {
        framesSinceStep = 0
        silentSinceStep = 0
        powerSinceStep = 0
    }
}
