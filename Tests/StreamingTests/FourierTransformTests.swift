// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import TestSupport
import Testing

@testable import Streaming

struct FourierTransformTests {
    @Test(arguments: [2, 6, 20, 294, 588, 1176, 2048, 2560])
    func `a spectrum is its definition, and transforms back`(length: Int) throws {
        var generator = SplitMix(state: UInt64(length))
        let samples = OwnedBuffer<Float>(repeating: 0, count: length)
        for index in 0..<length { samples[index] = generator.uniform(-1...1) }
        let spectrum = Spectrum(samples: length)
        let forward = try FourierTransform.ofLength(length)
        let all = length / 2 + 1
        for bins in Set([1, all / 2 + 1, max(1, all - 1), all]).sorted() {
            for index in 0..<all { (spectrum.real[index], spectrum.imaginary[index]) = (99, 99) }
            forward.execute(samples, bins: bins, into: spectrum)
            // A few of them: each takes as many products as there are samples.
            for bin in stride(from: 0, to: bins, by: max(1, bins / 20)) + [bins - 1] {
                var (real, imaginary) = (0.0, 0.0)
                for index in 0..<length {
                    let angle = -2 * Double.pi * Double(bin * index % length) / Double(length)
                    real += Double(samples[index]) * cos(angle)
                    imaginary += Double(samples[index]) * sin(angle)
                }
                #expect(abs(Double(spectrum.real[bin]) - real) < 1e-4)
                #expect(abs(Double(spectrum.imaginary[bin]) - imaginary) < 1e-4)
            }
            if bins < all { #expect(spectrum.real[bins] == 99, "no more bins than asked for") }
        }
        let back = OwnedBuffer<Float>(repeating: 0, count: length)
        // These count for nothing.
        (spectrum.imaginary[0], spectrum.imaginary[length / 2]) = (5, 7)
        try FourierTransform.ofLength(length, .inverse).execute(spectrum, into: back)
        for index in 0..<length { #expect(abs(back[index] / Float(length) - samples[index]) < 1e-6) }
    }
}
