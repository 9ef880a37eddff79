// SPDX-License-Identifier: GPL-3.0-or-later

import Model
import Streaming

/// The stages of the audio path, each fed with what the one before made of the same recording.
enum Stage: String, CaseIterable {
    case resample
    /// Window, FFT, power.
    case spectrum
    /// Mel bands, logarithm, level, cosine transform.
    case coefficients
    case network
    case estimator
    /// All of them as the daemon joins them.
    case whole
}

/// A recording on its way through the stages, kept after each.
struct Recording {
    let rate: Int
    /// Mono, at `rate`.
    let device: [Float]
    /// At the front end's rate.
    var resampled: [Float] = []
    /// One after the other, as are all below.
    var spectra: [Float] = []
    var coefficients: [Float] = []
    var windowProbabilities: [Float] = []
}

/// Runs single stages over a recording.
struct StageRunner {
    let model: GenreModel
    private(set) var recording: Recording

    private let frontEnd = FrontEnd.version1
    private let workspace = Workspace()
    private let filterbank = MelFilterbank()
    private let cosine = CosineTransform()
    private var bins: Int { MelFilterbank.paddedBins(frontEnd) }
    private var frames: Int { recording.spectra.count / bins }
    /// Seconds between two windows.
    private var step: Double { Double(model.architecture.step) * frontEnd.hopDuration }

    /// Seconds of audio.
    var duration: Double { Double(recording.device.count) / Double(recording.rate) }

    init(model: GenreModel, samples: [Float], rate: Int) throws {
        self.model = model
        recording = Recording(rate: rate, device: samples)
        try resample { recording.resampled.append(contentsOf: $0) }
        try transform { recording.spectra.append(contentsOf: $0) }
        findCoefficients { recording.coefficients.append(contentsOf: $0) }
        recognise { recording.windowProbabilities.append(contentsOf: $0) }
    }

    /// A function of its own whatever the optimiser thinks: callgrind counts inside of it.
    @inline(never)
    func run(_ stage: Stage) throws {
        switch stage {
        case .resample: try resample { _ in }
        case .spectrum: try transform { _ in }
        case .coefficients: findCoefficients { _ in }
        case .network: recognise { _ in }
        case .estimator: try estimate()
        case .whole: try classify()
        }
    }

    private func resample(_ consume: (UnsafeBufferPointer<Float>) -> Void) throws {
        let resampler = try Resampler(inputRate: recording.rate, outputRate: frontEnd.sampleRate, workspace: workspace)
        recording.device.withUnsafeBufferPointer { samples in
            for start in stride(from: 0, to: samples.count, by: Resampler.block) {
                let end = min(start + Resampler.block, samples.count)
                resampler.process(UnsafeBufferPointer(rebasing: samples[start..<end]), consume)
            }
        }
    }

    private func transform(_ consume: (UnsafeBufferPointer<Float>) -> Void) throws {
        let spectrum = try PowerSpectrum(frontEnd: frontEnd, workspace: workspace)
        let last = recording.resampled.count - frontEnd.frameLength
        recording.resampled.withUnsafeBufferPointer { samples in
            for start in stride(from: 0, through: last, by: frontEnd.hopLength) {
                consume(UnsafeBufferPointer(start: spectrum.process(samples.baseAddress! + start), count: bins))
            }
        }
    }

    private func findCoefficients(_ consume: ([Float]) -> Void) {
        var normalizer = LevelNormalizer(frontEnd: frontEnd)
        var bands = [Float](repeating: 0, count: frontEnd.melBands)
        var coefficients = [Float](repeating: 0, count: frontEnd.coefficients)
        recording.spectra.withUnsafeBufferPointer { spectra in
            for frame in 0..<frames {
                bands.withUnsafeMutableBufferPointer { bands in
                    filterbank.process(spectra.baseAddress! + frame * bins, into: bands)
                    normalizer.process(bands)
                }
                cosine.process(bands, into: &coefficients)
                consume(coefficients)
            }
        }
    }

    private func recognise(_ consume: (UnsafeMutableBufferPointer<Float>) -> Void) {
        let network = IncrementalNetwork(model: model)
        recording.coefficients.withUnsafeBufferPointer { coefficients in
            for frame in 0..<frames {
                guard network.process(coefficients.baseAddress! + frame * frontEnd.coefficients) else { continue }
                model.calibrate(network.logits)
                consume(network.logits)
            }
        }
    }

    private func estimate() throws {
        let labels = model.labels.count
        let estimator = try Estimator(
            labels: labels, noMusic: model.noMusicIndex, parameters: EstimatorParameters())
        recording.windowProbabilities.withUnsafeBufferPointer { windows in
            for start in stride(from: 0, to: windows.count, by: labels) {
                estimator.process(
                    windowProbabilities: UnsafeBufferPointer(rebasing: windows[start..<start + labels]), active: 1,
                    silent: false,
                    elapsed: step)
            }
        }
    }

    private func classify() throws {
        let classifier = try StreamingClassifier(model: model, inputRate: recording.rate)
        recording.device.withUnsafeBufferPointer { samples in
            // As the capture brings them: a hundredth of a second at a time.
            let piece = recording.rate / 100
            for start in stride(from: 0, to: samples.count, by: piece) {
                classifier.process(UnsafeBufferPointer(rebasing: samples[start..<min(start + piece, samples.count)])) {
                    _ in
                }
            }
        }
    }
}
