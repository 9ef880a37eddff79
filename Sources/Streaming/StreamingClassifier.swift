// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// The complete path from a source's samples to its estimates: `WindowClassifier`, then `Estimator`.
///
/// Like these, it is synchronous and deterministic, and allocates nothing after the first second.
package final class StreamingClassifier {
    /// Result of one update. The pointers are valid during the call that receives it.
    package struct Estimate {
        /// Seconds of audio up to the end of the last whole frame.
        package var position: Double
        package var state: EstimatorState
        /// The label in the states `genre` and `noMusic`, an index into the model's labels; otherwise nil.
        package var label: Int?
        /// Probability of what is published, 0 to 1 (`Estimator.confidence`).
        package var confidence: Float
        /// RMS level of the audio since the last update, dB relative to full scale, at least -120.
        package var level: Float
        /// [labels]: each label's probability by the estimator.
        package var probabilities: UnsafeBufferPointer<Float>
        /// [labels]: each label's calibrated probability in the last window alone; nil before the first window.
        package var windowProbabilities: UnsafeBufferPointer<Float>?
    }

    /// Seconds between estimates.
    package private(set) var updateInterval: Double

    private let windows: WindowClassifier
    private var estimator: Estimator
    /// Network steps per published estimate.
    private var stepsPerUpdate: Int
    private var stepsSinceUpdate = 0
    /// Mean square times seconds, and seconds, since the last published estimate.
    private var energy = 0.0
    private var elapsed = 0.0
    /// Level of the last estimate, dB relative to full scale.
    private var level: Float = -120

    /// - Parameters:
    ///   - inputRate: rate of the samples that `process` will get, Hz, 8 000 to 192 000.
    ///   - updateInterval: seconds between estimates (`UpdateGrid`).
    ///   - workspace: scratch memory of the thread that will call `process`.
    /// - Throws: `badParameter` for an impossible interval or estimator parameter, `unsupportedRate`, or
    ///   `libraryFailed`.
    package init(
        model: GenreModel, inputRate: Int, updateInterval: Double? = nil,
        estimator parameters: EstimatorParameters = EstimatorParameters(), workspace: Workspace = Workspace()
    ) throws(StreamingError) {
        let grid = try UpdateGrid(model: model, interval: updateInterval)
        stepsPerUpdate = grid.stepsPerUpdate
        self.updateInterval = grid.interval
        estimator = try Estimator(labels: model.labels.count, noMusic: model.noMusicLabels, parameters: parameters)
        windows = try WindowClassifier(
            model: model, inputRate: inputRate, silenceLevel: parameters.silenceLevel, step: grid.step,
            workspace: workspace)
    }

    package var model: GenreModel { windows.model }
    /// Rate of the input samples, Hz.
    package var inputRate: Int { windows.inputRate }
    /// Frames processed since the last reset.
    package var frames: Int { windows.frames }
    /// Seconds of audio up to the end of the last whole frame.
    package var position: Double { windows.position }

    /// Processes mono samples at `inputRate` and calls `publish` with each estimate that they complete.
    package func process(_ samples: Span<Float>, _ publish: (Estimate) -> Void) {
        windows.process(samples) { advance($0, publish) }
    }

    /// Ends the stream: processes the samples that are still inside, and publishes a last estimate if there was audio
    /// since the previous one.
    package func finish(_ publish: (Estimate) -> Void) {
        windows.finish { advance($0, publish) }
        let (power, frames) = windows.remainder
        energy += power * model.frontEnd.hopDuration
        elapsed += Double(frames) * model.frontEnd.hopDuration
        if elapsed > 0 { publish(estimate()) }
    }

    /// Begins a new stream.
    package func reset() {
        windows.reset()
        estimator.reset()
        startUpdate()
        level = -120
    }

    /// New settings for a running stream. It is made on another thread, so that the stream does not wait for its
    /// allocations.
    package struct Replacement {
        /// Nil if the network goes on as it is.
        fileprivate let running: RunningModel?
        /// Whether the stream gets another network, with memory of its own.
        package var replacesNetwork: Bool { running != nil }
        fileprivate let estimator: Estimator
        fileprivate let stepsPerUpdate: Int
        /// Seconds between estimates.
        package let updateInterval: Double

        /// - Parameters:
        ///   - model: the present model or another one.
        ///   - updateInterval: as in the classifier's own `init`.
        ///   - estimator: as in the classifier's own `init`.
        ///   - present: the stream's present settings, if known. A network that need not change is not replaced.
        /// - Throws: `badParameter` for an impossible interval or estimator parameter.
        package init(
            model: GenreModel, updateInterval: Double?, estimator parameters: EstimatorParameters,
            after present: (model: GenreModel, updateInterval: Double?)? = nil
        ) throws(StreamingError) {
            let grid = try UpdateGrid(model: model, interval: updateInterval)
            stepsPerUpdate = grid.stepsPerUpdate
            self.updateInterval = grid.interval
            estimator = try Estimator(labels: model.labels.count, noMusic: model.noMusicLabels, parameters: parameters)
            if let present, model.isCopy(of: present.model),
                try UpdateGrid(model: model, interval: present.updateInterval).step == grid.step
            {
                running = nil
            } else {
                running = RunningModel(model: model, step: grid.step)
            }
        }
    }

    /// Continues with other settings, between two frames.
    ///
    /// No audio is lost. Windows, updates and silence immediately behave as if the stream had begun with these settings, and
    /// the probabilities continue from their present values. If the labels differ, the probabilities begin with the
    /// present window, and an estimate of it is published at once.
    ///
    /// With another network the call takes as long as that needs for a window or two.
    ///
    /// - Parameter replacement: settings that no other stream uses.
    package func use(_ replacement: Replacement, _ publish: (Estimate) -> Void) {
        let (old, previous) = (model, estimator)
        windows.use(replacement.running, silenceLevel: replacement.estimator.parameters.silenceLevel)
        estimator = replacement.estimator
        let order = model.labels.compactMap { old.labels.firstIndex(of: $0) }
        estimator.follow(
            previous, order: order.count == old.labels.count && order.count == model.labels.count ? order : nil,
            windowProbabilities: windows.lastWindowProbabilities, active: windows.active,
            seconds: model.frontEnd.duration(frames: model.frontEnd.windowFrames))
        updateInterval = replacement.updateInterval
        stepsPerUpdate = replacement.stepsPerUpdate
        stepsSinceUpdate = windows.steps % stepsPerUpdate
        if model.labels != old.labels { publish(estimate()) }
    }

    /// Advances the estimator by one step, and publishes an estimate if one is due.
    private func advance(_ step: WindowResult, _ publish: (Estimate) -> Void) {
        estimator.process(
            windowProbabilities: step.windowProbabilities, active: step.active, silent: step.silent,
            elapsed: step.elapsed)
        energy += step.power * step.elapsed
        elapsed += step.elapsed
        stepsSinceUpdate += 1
        guard stepsSinceUpdate == stepsPerUpdate else { return }
        publish(estimate())
        startUpdate()
    }

    private func startUpdate() {
        stepsSinceUpdate = 0
        energy = 0
        elapsed = 0
    }

    private func estimate() -> Estimate {
        if elapsed > 0 { level = Float(10 * log10(max(energy / elapsed, 1e-12))) }
        return Estimate(
            position: position, state: estimator.state, label: estimator.label, confidence: estimator.confidence,
            level: level,
            probabilities: estimator.probabilities,
            windowProbabilities: windows.lastWindowProbabilities)
    }
}
