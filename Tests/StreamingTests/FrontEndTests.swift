// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import TestSupport
import Testing

@testable import Streaming

struct FrontEndTests {
    /// All frames of `samples`, one after the other.
    func logMel(_ samples: [Float]) throws -> [[Float]] {
        let stream = try LogMelExtractor()
        var frames: [[Float]] = []
        stream.process(samples.span) { frames.append(Array($0.bands)) }
        return frames
    }

    @Test func `log-mel agrees with librosa`() throws {
        let expected = try goldenNumbers("logmel.f32")
        let frames = try logMel(goldenSignal())
        #expect(frames.count * 64 == expected.count)
        let worst = zip(frames.joined(), expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= 1e-3, "log-mel differs by \(worst) dB")
    }

    @Test func `MFCC agrees with librosa`() throws {
        let expected = try goldenNumbers("mfcc.f32")
        let cosine = CosineTransform()
        let coefficients = try logMel(goldenSignal()).map { frame in
            [Float](unsafeUninitializedCapacity: 32) { buffer, count in
                cosine.process(frame, into: buffer.baseAddress!)
                count = 32
            }
        }
        let worst = zip(coefficients.joined(), expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= 1e-2, "MFCC differs by \(worst)")
    }

    @Test func `every mel filter has unit area`() {
        let filterbank = MelFilterbank(frontEnd: .version1)
        let binWidth = 22_050.0 / 2048
        for (band, entry) in filterbank.bands.enumerated() where band >= 20 {
            let area = filterbank.weights[entry.weights].reduce(0.0) { $0 + Double($1.sum()) } * binWidth
            #expect(abs(area - 1) < 0.02, "band \(band) has area \(area)")
        }
    }

    @Test func `the fast decibels agree with the logarithm`() {
        var generator = SplitMix(state: 5)
        var powers = (0..<10_007).map { _ in pow(10, generator.uniform(-10...8)) }
        powers += [1e-10, 0.5, 1, 2, .leastNormalMagnitude]
        let expected = powers.map { 10 * log10(Double($0)) }
        powers.withUnsafeMutableBufferPointer { MelFilterbank.decibels($0) }
        let worst = zip(powers, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(worst <= 1e-4, "differs by \(worst) dB")
    }

    @Test func `a frame comes when its last sample arrives`() throws {
        let stream = try LogMelExtractor()
        var frames = 0
        let samples = [Float](repeating: 0.1, count: 2048 + 10 * 1323)
        for index in samples.indices {
            stream.process(samples.span.extracting(index...index)) { _ in frames += 1 }
            let heard = index + 1
            #expect(frames == (heard < 2048 ? 0 : (heard - 2048) / 1323 + 1))
        }
    }

    @Test(arguments: [1, 2, 7, 512, 1323, 2048, 5000, 100_000])
    func `frames do not depend on how the samples are cut`(chunk: Int) throws {
        let signal = goldenSignal()
        let whole = try logMel(signal)
        let stream = try LogMelExtractor()
        var frames: [[Float]] = []
        for start in stride(from: 0, to: signal.count, by: chunk) {
            stream.process(signal.span.extracting(start..<min(start + chunk, signal.count))) {
                frames.append(Array($0.bands))
            }
        }
        #expect(frames == whole)
    }

    @Test func `the level does not matter after normalisation`() throws {
        let signal = goldenSignal().prefix(33_000)
        func normalized(_ gain: Float) throws -> [Float] {
            var normalizer = LevelNormalizer()
            return try logMel(signal.map { $0 * gain }).flatMap { frame in
                var frame = frame
                frame.withUnsafeMutableBufferPointer { normalizer.process($0) }
                return frame
            }
        }
        let (loud, quiet) = (try normalized(1), try normalized(0.05))
        let worst = zip(loud, quiet).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 0.05, "26 dB less change the features by \(worst) dB")
    }

    @Test func `silence before a track leaves no trace in the level`() throws {
        let frames = try logMel(Array(goldenSignal().prefix(30_000)))
        var fresh = LevelNormalizer()
        var waited = LevelNormalizer()
        for _ in 0..<40 {
            var silence = [Float](repeating: -100, count: 64)
            silence.withUnsafeMutableBufferPointer { waited.process($0) }
            #expect(silence.allSatisfy { $0 == 0 })
        }
        for frame in frames {
            var (a, b) = (frame, frame)
            a.withUnsafeMutableBufferPointer { fresh.process($0) }
            b.withUnsafeMutableBufferPointer { waited.process($0) }
            #expect(a == b)
        }
    }
}
