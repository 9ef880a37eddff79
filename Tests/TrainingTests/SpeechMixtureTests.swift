// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Streaming
import TestSupport
import Testing

@testable import Training

struct SpeechMixtureTests {
    private func noise(_ frames: Int, level: Float, seed: UInt64) -> LogMel {
        var generator = SplitMix(state: seed)
        return LogMel(values: (0..<(frames * 64)).map { _ in level + generator.uniform(-3...3) })
    }

    @Test(arguments: [-12, -6, 0, 6, 12] as [Float])
    func `speech is as much louder than the music as was asked`(lead: Float) {
        let (music, speech) = (noise(200, level: -30, seed: 1), noise(90, level: 4, seed: 2))
        let mixed = music.mixed(withSpeech: speech, lead: lead)
        #expect(mixed.frames == 200)
        // Where powers add, the sum is louder than the music by 10·log10(1 + 10^(lead/10)).
        let expected = 10 * log10(1 + pow(10, lead / 10))
        #expect(abs(Loudness.of(mixed) - Loudness.of(music) - expected) < 0.1)
    }

    @Test func `features and audio of the same clips give the same stream`() throws {
        let model = try randomModel()
        let clips = [("beats", 0), ("glides", 1)].map { genre, label in
            (SyntheticGenres.audio(genre, version: 3, seconds: 8), label)
        }
        let (heard, read) = (try StreamRecorder(model: model, rate: 22_050), try StreamRecorder(model: model))
        for (samples, label) in clips { heard.play(samples, label: label) }
        read.play(try SyntheticGenres.features(clips.flatMap(\.0)), label: 0)
        // A file's last frames come when it ends, those of the recorder never.
        #expect(heard.stream.steps.count > 40 && read.stream.steps.count >= heard.stream.steps.count)
        for (one, other) in zip(heard.stream.steps, read.stream.steps) {
            #expect(one.time == other.time && (one.windowProbabilities == nil) == (other.windowProbabilities == nil))
            for (a, b) in zip(one.windowProbabilities ?? [], other.windowProbabilities ?? []) {
                #expect(abs(a - b) < 1e-5)
            }
        }
    }
}
