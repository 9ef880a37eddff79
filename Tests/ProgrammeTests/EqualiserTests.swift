// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Testing

@testable import Programme

struct EqualiserTests {
    /// Returns the gain of a band for a tone, in dB.
    private func gain(of band: EqualiserBand, at frequency: Double) -> Double {
        let tone = (0..<96_000).map { Float(0.1 * sin(2 * .pi * frequency * Double($0 / 2) / 48_000)) }
        var sound = Sound(samples: tone)
        sound.equalise([band])
        // The first half second is the filter's transient.
        return Sound(samples: Array(sound.samples.suffix(48_000))).level - Sound(samples: tone).level
    }

    @Test
    func `a shelf lifts its side by its gain, half of it at its frequency, and leaves the other side alone`() {
        for decibels in [-6.0, 6] {
            let low = EqualiserBand.lowShelf(1000, decibels)
            let high = EqualiserBand.highShelf(1000, decibels)
            #expect(abs(gain(of: low, at: 50) - decibels) < 0.1)
            #expect(abs(gain(of: low, at: 1000) - decibels / 2) < 0.1)
            #expect(abs(gain(of: low, at: 15_000)) < 0.1)
            #expect(abs(gain(of: high, at: 50)) < 0.1)
            #expect(abs(gain(of: high, at: 1000) - decibels / 2) < 0.1)
            #expect(abs(gain(of: high, at: 15_000) - decibels) < 0.1)
        }
    }

    @Test
    func `a peak adds its gain at its centre and nothing far away`() {
        let band = EqualiserBand.peak(1000, 5, quality: 2)
        #expect(abs(gain(of: band, at: 1000) - 5) < 0.1)
        #expect(abs(gain(of: band, at: 40)) < 0.1)
        #expect(abs(gain(of: band, at: 15_000)) < 0.1)
    }

    @Test
    func `a pass filter keeps its side and loses 3 dB at its corner`() {
        #expect(abs(gain(of: .lowPass(1000), at: 50)) < 0.1)
        #expect(abs(gain(of: .lowPass(1000), at: 1000) + 3) < 0.1)
        #expect(gain(of: .lowPass(1000), at: 15_000) < -40)
        #expect(abs(gain(of: .highPass(1000), at: 15_000)) < 0.1)
        #expect(abs(gain(of: .highPass(1000), at: 1000) + 3) < 0.1)
        #expect(gain(of: .highPass(1000), at: 50) < -40)
    }

    @Test(arguments: [0.001, 0.1, 1])
    func `an amplifier adds overtones to a tone, and its output level does not depend on the input`(amplitude: Double) {
        let tone = (0..<96_000).map { Float(amplitude * sin(2 * .pi * 600 * Double($0 / 2) / 48_000)) }
        var sound = Sound(samples: tone)
        sound.amplify(.highGain)
        #expect(abs(sound.level) < 0.01)
        var overtones = sound
        overtones.equalise([.highPass(1500), .highPass(1500)])
        #expect(overtones.level > -12)
    }
}
