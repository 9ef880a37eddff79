// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model
import Streaming

/// A stream of labelled clips, one after the other, as the network hears it: all that an estimator needs, kept so
/// that many estimators can be tried on it.
package struct RecordedStream: Sendable {
    /// One step of the stream; times are seconds since its beginning.
    struct Step: Sendable {
        var time: Double
        /// The label of the clip that is playing.
        var truth: Int
        /// Seconds since that clip began.
        var age: Double
        /// Which clip of the stream is playing.
        var clip: Int
        var window: [Float]?
        var active: Double
        var silent: Bool
        var elapsed: Double

        /// Whether it is long enough after the change that the label should be right.
        var isSettled: Bool { age >= StreamFigures.settling }
    }

    /// The model's labels.
    let labels: [String]
    let noMusic: Int?
    var steps: [Step] = []
    var clips = 0
}

/// Plays clips to the network and keeps what it says.
package final class StreamRecorder {
    package private(set) var stream: RecordedStream
    private let windows: WindowStream
    private var samples = 0

    /// Of the clips' samples, Hz.
    package var rate: Int { windows.inputRate }

    package init(model: GenreModel, rate: Int) throws(StreamingError) {
        stream = RecordedStream(labels: model.labels, noMusic: model.noMusicIndex)
        windows = try WindowStream(
            model: model, inputRate: rate, silenceLevel: EstimatorParameters().silenceLevel)
    }

    /// Plays a clip of one of the model's labels, mono samples at the recorder's rate.
    package func play(_ clip: [Float], label: Int) {
        let start = Double(samples) / Double(windows.inputRate)
        clip.withUnsafeBufferPointer { samples in
            windows.process(samples) { step in
                stream.steps.append(
                    RecordedStream.Step(
                        time: step.position, truth: label, age: max(0, step.position - start), clip: stream.clips,
                        window: step.window.map(Array.init), active: step.active, silent: step.silent,
                        elapsed: step.elapsed))
            }
        }
        samples += clip.count
        stream.clips += 1
    }
}
