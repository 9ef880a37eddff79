// SPDX-License-Identifier: GPL-3.0-or-later

import Model
import Streaming

/// Plays clips to the network and records its outputs.
package final class StreamRecorder {
    package private(set) var stream: RecordedStream
    private let classifier: FrameClassifier
    /// Nil for clips that are features.
    private let audio: AudioFrames?
    private var samples = 0

    /// - Parameter rate: sample rate of the clips, Hz; nil for clips that are features.
    package init(model: GenreModel, rate: Int? = nil) throws(StreamingError) {
        stream = RecordedStream(labels: model.labels, noMusic: model.noMusicLabels)
        classifier = FrameClassifier(model: model, silenceLevel: EstimatorParameters().silenceLevel)
        audio = try rate.map { rate throws(StreamingError) in
            try AudioFrames(inputRate: rate, frontEnd: model.frontEnd)
        }
    }

    /// Plays a clip: mono samples at the recorder's rate, with the index of their label.
    package func play(_ clip: [Float], label: Int) {
        guard let audio else { preconditionFailure("a recorder of samples has a rate") }
        let start = Double(samples) / Double(audio.inputRate)
        audio.process(clip.span) { process($0, label: label, start: start) }
        samples += clip.count
        stream.clips += 1
    }

    /// Plays a clip's features, with the index of their label. A frame with no loud band is silent.
    package func play(_ clip: LogMel, label: Int) {
        let start = classifier.position
        let silence = classifier.model.frontEnd.level.silence
        var values = clip.values
        values.withUnsafeMutableBufferPointer { values in
            for frame in 0..<clip.frames {
                let bands = UnsafeMutableBufferPointer(
                    rebasing: values[(frame * clip.bands)..<((frame + 1) * clip.bands)])
                let isAudible = bands.contains { $0 >= silence }
                process(
                    LogMelExtractor.Frame(bands: bands, power: isAudible ? 1 : 0), label: label, start: start)
            }
        }
        stream.clips += 1
    }

    private func process(_ frame: LogMelExtractor.Frame, label: Int, start: Double) {
        classifier.process(frame) { step in
            stream.steps.append(
                RecordedStream.Step(
                    time: step.position, reference: label, age: max(0, step.position - start), clip: stream.clips,
                    windowProbabilities: step.windowProbabilities.map(Array.init), active: step.active,
                    silent: step.silent,
                    elapsed: step.elapsed))
        }
    }
}
