// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import TestSupport
import Testing

@testable import Streaming

/// What it does to the shipped model's probabilities that its weights are rounded to 8 bits.
struct RoundingTests {
    @Test(
        .enabled(if: Programs.has("fluidsynth"), "fluidsynth is not installed"),
        arguments: ["classical", "jazz", "metal", "hiphop"])
    func `the probabilities of music are those of the weights as they are in the file`(genre: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.file("music.wav")
        try Programs.run(Programs.built("genred-programme"), ["render", path, "--genre", genre, "--seconds", "8"])
        let model = try GenreModel.shipped()
        let frames = try Self.frames(ofFile: path, model)
        let network = IncrementalNetwork(model: model)
        let length = model.frontEnd.windowFrames
        var (windows, largest, sum) = (0, 0.0, 0.0)
        for (index, frame) in frames.enumerated() where network.process(frame.span) {
            var logits = model.logits(window: Array(frames[(index + 1 - length)...index].joined()), rounded: false)
            logits.withUnsafeMutableBufferPointer { model.calibrate($0) }
            model.calibrate(network.logits)
            let differences = zip(logits, network.logits).map { Double(abs($0 - $1)) }
            windows += 1
            largest = max(largest, differences.max() ?? 1)
            sum += differences.reduce(0, +) / Double(differences.count)
        }
        #expect(windows > 15)
        #expect(largest < 0.02)
        #expect(sum / Double(windows) < 0.002)
    }

    /// The coefficients of each frame of a mono or stereo file of 16 bits.
    private static func frames(ofFile path: String, _ model: GenreModel) throws -> [[Float]] {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        func little(_ place: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
        }
        let (channels, rate) = (little(22, 2), little(24, 4))
        let samples = stride(from: 44, to: bytes.count - 1 - 2 * channels, by: 2 * channels).map { place in
            (0..<channels).reduce(Float(0)) {
                $0 + Float(Int16(truncatingIfNeeded: little(place + 2 * $1, 2))) / Float(32_768 * channels)
            }
        }
        let audio = try AudioFrames(inputRate: rate)
        var normalizer = LevelNormalizer(frontEnd: model.frontEnd)
        let cosine = CosineTransform(frontEnd: model.frontEnd)
        var result: [[Float]] = []
        for start in stride(from: 0, to: samples.count, by: 1000) {
            let piece = Array(samples[start..<min(samples.count, start + 1000)])
            audio.process(piece.span) { frame in
                normalizer.process(frame.bands)
                var coefficients = [Float](repeating: 0, count: cosine.outputs)
                cosine.process(frame.bands.baseAddress!, into: &coefficients)
                result.append(coefficients)
            }
        }
        return result
    }
}
