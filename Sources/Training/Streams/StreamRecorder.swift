// SPDX-License-Identifier: GPL-3.0-or-later

import Model
import Streaming

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
