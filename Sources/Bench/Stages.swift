// SPDX-License-Identifier: GPL-3.0-or-later

import Model
import Streaming

/// Stages of the audio path. Each processes the previous stage's output for the same recording.
enum Stage: String, CaseIterable {
    case resample
    /// Taper, FFT, power.
    case spectrum
    /// Mel bands, logarithm, level, cosine transform.
    case coefficients
    case network
    case estimator
    /// All stages, as the daemon runs them.
    case whole
}

/// A recording, and the output of each stage for it.
struct Recording {
    let rate: Int
    /// Mono, at `rate`.
    let device: [Float]
    /// At the front end's rate.
    var resampled: [Float] = []
    /// [frames, bins].
    var spectra: [Float] = []
    /// [frames, coefficients].
    var coefficients: [Float] = []
    /// [windows, labels].
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

    /// Length of the recording, in seconds.
    var duration: Double { Double(recording.device.count) / Double(recording.rate) }

    init(model: GenreModel, samples: [Float], rate: Int) throws {
        self.model = model
        recording = Recording(rate: rate, device: samples)
        try resample { piece in piece.withUnsafeBufferPointer { recording.resampled.append(contentsOf: $0) } }
        try transform { recording.spectra.append(contentsOf: $0) }
        computeCoefficients { recording.coefficients.append(contentsOf: $0) }
        classifyWindows { recording.windowProbabilities.append(contentsOf: $0) }
    }

    /// Never inlined, because callgrind collects inside this function.
    @inline(never)
    func run(_ stage: Stage) throws {
        switch stage {
        case .resample: try resample { _ in }
        case .spectrum: try transform { _ in }
        case .coefficients: computeCoefficients { _ in }
        case .network: classifyWindows { _ in }
        case .estimator: try estimate()
        case .whole: try classify()
        }
    }

    private func resample(_ consume: (Span<Float>) -> Void) throws {
        let resampler = try Resampler(inputRate: recording.rate, outputRate: frontEnd.sampleRate, workspace: workspace)
        let samples = recording.device.span
        for start in stride(from: 0, to: samples.count, by: Resampler.block) {
            let end = min(start + Resampler.block, samples.count)
            resampler.process(samples.extracting(start..<end), consume)
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

    private func computeCoefficients(_ consume: ([Float]) -> Void) {
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

    private func classifyWindows(_ consume: (UnsafeMutableBufferPointer<Float>) -> Void) {
        let network = IncrementalNetwork(model: model)
        let (coefficients, width) = (recording.coefficients.span, frontEnd.coefficients)
        for frame in 0..<frames {
            guard network.process(coefficients.extracting(frame * width..<(frame + 1) * width)) else { continue }
            model.calibrate(network.logits)
            consume(network.logits)
        }
    }

    /// Never inlined: its closure would have the name of `run`, and callgrind would stop collecting there.
    @inline(never)
    private func estimate() throws {
        let labels = model.labels.count
        let estimator = try Estimator(
            labels: labels, noMusic: model.noMusicLabels, parameters: EstimatorParameters())
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
        let samples = recording.device.span
        // A hundredth of a second at a time, as capture delivers them.
        let piece = recording.rate / 100
        for start in stride(from: 0, to: samples.count, by: piece) {
            classifier.process(samples.extracting(start..<min(start + piece, samples.count))) { _ in }
        }
    }
}
