// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A guitar amplifier and its cabinet. An amplifier distorts all strings together, so the sum of two distorted samples
/// does not sound like a power chord.
struct Amplifier: Sendable, Equatable {
    /// The gain before saturation: 1 rounds the peaks, 30 makes the signal square.
    let drive: Double
    /// The upper cut-off frequency of the cabinet's loudspeaker, in Hz.
    let brightness: Double
    /// The gain of the tone control around 500 Hz, in dB.
    let middle: Double
    /// The gain of the tone control around 2.8 kHz, in dB.
    let presence: Double
    /// The level relative to the parts without an amplifier, in dB.
    let level: Double

    /// A stack at full gain with the middle scooped out.
    static let highGain = Amplifier(drive: 30, brightness: 6500, middle: -7, presence: 3, level: 5)
}

extension Sound {
    /// Plays the sound through an amplifier. The result has an RMS level of 0 dB.
    mutating func amplify(_ amplifier: Amplifier) {
        // Without this filter, distorted bass would cover everything else.
        equalise([.highPass(500)])
        scale(by: amplifier.drive * pow(10, -level / 20))
        for index in samples.indices { samples[index] = tanh(samples[index]) }
        equalise([
            .highPass(80), .peak(500, amplifier.middle, quality: 0.8), .peak(2800, amplifier.presence, quality: 1),
            .lowPass(amplifier.brightness),
        ])
        scale(by: pow(10, -level / 20))
    }
}
