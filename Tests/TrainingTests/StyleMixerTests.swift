// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Training

struct StyleMixerTests {
    private func window(_ generator: inout CounterGenerator) -> [Float] {
        let (mean, deviation) = (generator.uniform(-30, 30), generator.uniform(1, 12))
        return (0..<(50 * 64)).map { mean + Float($0 % 64) / 8 + deviation * generator.normal() }
    }

    private func style(_ window: [Float], _ band: Int) -> (mean: Float, deviation: Float) {
        let values = stride(from: band, to: window.count, by: 64).map { window[$0] }
        let mean = values.reduce(0, +) / 50
        return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 50).squareRoot())
    }

    /// The result lies between both styles, nearer to the window's own, at the same point in every band. The change is
    /// affine, so the music keeps its shape.
    @Test(arguments: 0..<20)
    func `a window moves towards another's style`(seed: UInt64) {
        var generator = CounterGenerator(seed: seed, purpose: .sample)
        let (one, other) = (window(&generator), window(&generator))
        let mixer = StyleMixer(batch: 2, chance: 1)
        mixer.measure(one, index: 0)
        mixer.measure(other, index: 1)
        var mixed = one
        mixer.mix(&mixed, index: 0, with: 1, &generator)
        var shares: [Float] = []
        for band in 0..<64 {
            let (own, wanted, now) = (style(one, band), style(other, band), style(mixed, band))
            let share = (now.mean - own.mean) / (wanted.mean - own.mean)
            #expect(share > -1e-3 && share < 0.501)
            let deviation = own.deviation + share * (wanted.deviation - own.deviation)
            #expect(abs(now.deviation - deviation) < 0.05 * (own.deviation + wanted.deviation) + 0.1)
            shares.append(share)
            for frame in 1..<50 {
                let place = frame * 64 + band
                let before = (one[place] - own.mean) / own.deviation
                #expect(abs((mixed[place] - now.mean) / now.deviation - before) < 1e-3)
            }
        }
        #expect((shares.max() ?? 0) - (shares.min() ?? 0) < 1e-2)
    }

    @Test func `with a chance of 0 nothing changes`() {
        var generator = CounterGenerator(seed: 1, purpose: .sample)
        let one = window(&generator)
        let mixer = StyleMixer(batch: 2, chance: 0)
        mixer.measure(one, index: 0)
        var mixed = one
        mixer.mix(&mixed, index: 0, with: 1, &generator)
        #expect(mixed == one)
    }

    /// A constant band is neither divided by 0 nor amplified.
    @Test func `silence stays finite`() {
        var generator = CounterGenerator(seed: 2, purpose: .sample)
        let silent = [Float](repeating: 0, count: 50 * 64)
        let mixer = StyleMixer(batch: 2, chance: 1)
        mixer.measure(silent, index: 0)
        mixer.measure(window(&generator), index: 1)
        var mixed = silent
        mixer.mix(&mixed, index: 0, with: 1, &generator)
        #expect(mixed.allSatisfy { $0.isFinite && abs($0) < 60 })
    }
}
