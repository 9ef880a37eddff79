// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// The whole way from a source's samples to its estimates: `WindowClassifier`, then `Estimator`.
///
/// As synchronous, deterministic and free of allocation as these.
package final class StreamingClassifier {
    /// What is known after an update; the pointers are valid during the call that hands it over.
    package struct Estimate {
        /// Seconds of audio heard, to the end of the last whole frame.
        package var position: Double
        package var state: EstimatorState
        /// The label of the states `genre` and `noMusic`, an index into the model's labels.
        package var label: Int?
        /// 0 to 1, see `Estimator.confidence`.
        package var confidence: Float
        /// RMS level of the audio since the last update, dB below full scale, at least -120.
        package var level: Float
        /// Each label's smoothed probability.
        package var probabilities: UnsafeBufferPointer<Float>
        /// Each label's calibrated probability in the last window alone; nil before the first window.
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
    /// Of the last estimate, dB below full scale.
    private var level: Float = -120

    /// - Parameters:
    ///   - inputRate: of the samples that will be pushed, 8 000 to 192 000 Hz.
    ///   - updateInterval: seconds between estimates, see `UpdateGrid`.
    ///   - workspace: of the thread that will process them.
    package init(
        model: GenreModel, inputRate: Int, updateInterval: Double? = nil,
        estimator parameters: EstimatorParameters = EstimatorParameters(), workspace: Workspace = Workspace()
    ) throws(StreamingError) {
        let grid = try UpdateGrid(model: model, interval: updateInterval)
        stepsPerUpdate = grid.stepsPerUpdate
        self.updateInterval = grid.interval
        estimator = try Estimator(labels: model.labels.count, noMusic: model.noMusicIndex, parameters: parameters)
        windows = try WindowClassifier(
            model: model, inputRate: inputRate, silenceLevel: parameters.silenceLevel, step: grid.step,
            workspace: workspace)
    }

    package var model: GenreModel { windows.model }
    /// Hz.
    package var inputRate: Int { windows.inputRate }
    /// Frames analysed since the last reset.
    package var frames: Int { windows.frames }
    /// Seconds of audio heard, to the end of the last whole frame.
    package var position: Double { windows.position }

    /// Takes mono samples at `inputRate` and hands over each estimate that they complete.
    package func process(_ samples: UnsafeBufferPointer<Float>, _ publish: (Estimate) -> Void) {
        windows.process(samples) { update($0, publish) }
    }

    /// Ends the stream: analyses what is still on its way, and publishes a last estimate if anything was heard since
    /// the one before.
    package func finish(_ publish: (Estimate) -> Void) {
        windows.finish { update($0, publish) }
        let (power, frames) = windows.rest
        energy += power * model.frontEnd.hopDuration
        elapsed += Double(frames) * model.frontEnd.hopDuration
        if elapsed > 0 { publish(estimate()) }
    }

    /// Starts anew, as for a device that was reopened: nothing heard before counts.
    package func reset() {
        windows.reset()
        estimator.reset()
        startUpdate()
        level = -120
    }

    /// What other settings need to take over a stream: made beside it, so that nothing of it waits for that.
    package struct Replacement {
        fileprivate let running: RunningModel
        fileprivate let estimator: Estimator
        fileprivate let stepsPerUpdate: Int
        /// Seconds between estimates.
        package let updateInterval: Double

        /// - Parameters:
        ///   - model: the present one or another.
        ///   - updateInterval: as of a classifier's own.
        ///   - estimator: as of a classifier's own.
        package init(
            model: GenreModel, updateInterval: Double?, estimator parameters: EstimatorParameters
        ) throws(StreamingError) {
            let grid = try UpdateGrid(model: model, interval: updateInterval)
            stepsPerUpdate = grid.stepsPerUpdate
            self.updateInterval = grid.interval
            estimator = try Estimator(labels: model.labels.count, noMusic: model.noMusicIndex, parameters: parameters)
            running = RunningModel(model: model, step: grid.step)
        }
    }

    /// Goes on with other settings between two frames. Nothing that was heard is lost: windows, updates and silence are
    /// at once as if the settings had been so from the beginning, and the probabilities go on from where they are. If
    /// the labels are others the present window is all that they begin with, and an estimate of it is handed over.
    ///
    /// It takes as long as the network needs for a window or two.
    ///
    /// - Parameter replacement: used for this stream alone.
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

    private func update(_ step: WindowResult, _ publish: (Estimate) -> Void) {
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
            probabilities: UnsafeBufferPointer(estimator.probabilities),
            windowProbabilities: windows.lastWindowProbabilities)
    }
}
