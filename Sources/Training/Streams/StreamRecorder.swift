// SPDX-License-Identifier: GPL-3.0-or-later

import Model
import Streaming

/// Plays clips to the network and records its outputs.
package final class StreamRecorder {
    package private(set) var stream: RecordedStream
    private let windows: WindowClassifier
    private var samples = 0

    /// Sample rate of the clips, Hz.
    package var rate: Int { windows.inputRate }

    package init(model: GenreModel, rate: Int) throws(StreamingError) {
        stream = RecordedStream(labels: model.labels, noMusic: model.noMusicLabels)
        windows = try WindowClassifier(
            model: model, inputRate: rate, silenceLevel: EstimatorParameters().silenceLevel)
    }

    /// Plays a clip: mono samples at the recorder's rate, with the index of their label.
    package func play(_ clip: [Float], label: Int) {
        let start = Double(samples) / Double(windows.inputRate)
        windows.process(clip.span) { step in
            stream.steps.append(
                RecordedStream.Step(
                    time: step.position, reference: label, age: max(0, step.position - start), clip: stream.clips,
                    windowProbabilities: step.windowProbabilities.map(Array.init), active: step.active,
                    silent: step.silent,
                    elapsed: step.elapsed))
        }
        samples += clip.count
        stream.clips += 1
    }
}
