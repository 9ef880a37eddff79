// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Testing

@testable import Streaming

/// 44 056 Hz is resampled by libsoxr, the other rates by FFT.
struct ResamplerTests {
    static let rates = [8_000, 11_025, 16_000, 24_000, 32_000, 37_800, 44_056, 44_100, 48_000, 96_000, 192_000]
    let output = 22_050

    func resampled(_ samples: [Float], rate: Int, chunk: Int = 1000) throws -> [Float] {
        let resampler = try Resampler(inputRate: rate, outputRate: output, workspace: Workspace())
        var result: [Float] = []
        func append(_ block: Span<Float>) { block.withUnsafeBufferPointer { result.append(contentsOf: $0) } }
        for start in stride(from: 0, to: samples.count, by: chunk) {
            resampler.process(samples.span.extracting(start..<min(start + chunk, samples.count)), append)
        }
        resampler.finish(append)
        return result
    }

    func tone(_ frequency: Double, rate: Int) -> [Float] {
        (0..<rate).map { Float(0.5 * sin(2 * .pi * frequency * Double($0) / Double(rate))) }
    }

    @Test(arguments: rates, [0.01, 0.5, 0.95])
    func `a tone keeps its level and its phase`(rate: Int, share: Double) throws {
        let frequency = share * Double(min(rate, output)) / 2
        let result = try resampled(tone(frequency, rate: rate), rate: rate)
        let expected = tone(frequency, rate: output)
        // At its abrupt ends the tone has other frequencies.
        let middle = 2000..<output - 2000
        let worst = middle.map { abs(result[$0] - expected[$0]) }.max() ?? .infinity
        #expect(worst < 3e-5, "differs by \(worst)")
    }

    /// Rates, and frequencies that these rates can hold, as shares of the output's Nyquist frequency.
    static let tonesAbove = rates.filter { $0 > 22_050 }.flatMap { rate in
        [1.001, 1.2, 1.7].filter { $0 * 22_050 < Double(rate) }.map { (rate, $0) }
    }

    @Test(arguments: tonesAbove)
    func `a tone above the output rate is removed`(rate: Int, share: Double) throws {
        let frequency = share * Double(output) / 2
        let result = try resampled(tone(frequency, rate: rate), rate: rate)
        let loudest = result[2000..<output - 2000].map(abs).max() ?? .infinity
        #expect(loudest < 0.5 * 1e-5 * 1.5, "\(20 * log10(loudest / 0.5)) dB are left")
    }

    @Test(arguments: rates)
    func `the duration stays the same`(rate: Int) throws {
        for count in [0, 1, rate / 10, rate - 1, rate] {
            let result = try resampled([Float](repeating: 0.1, count: count), rate: rate)
            #expect(abs(Double(result.count) - Double(count) * Double(output) / Double(rate)) <= 1)
        }
    }

    /// The filter takes 7 ms. A window does not wait for a block to fill.
    @Test(arguments: [44_100, 48_000, 96_000, 192_000])
    func `a window waits for the filter only`(rate: Int) throws {
        let frames = try AudioFrames(inputRate: rate)
        let samples = [Float](repeating: 0.1, count: rate / 1000)
        var heard = 0.0
        for window in 0..<4 {
            let wanted = 50 + 4 * window
            while frames.frames < wanted {
                frames.process(samples.span) { _ in }
                heard += Double(samples.count) / Double(rate)
            }
            let late = heard - frames.position
            #expect(late < 0.010, "window \(window) comes \(late) s after its last sample")
        }
    }
}
