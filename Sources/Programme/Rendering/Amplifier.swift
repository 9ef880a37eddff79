// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A guitar amplifier and its cabinet. Distortion is what an amplifier does to all of a player's strings together:
/// a sampled distorted note beside another one is no power chord.
struct Amplifier: Sendable, Equatable {
    /// How far the signal is driven into saturation: 1 rounds its peaks, 30 makes it square.
    let drive: Double
    /// Above this frequency the cabinet's loudspeaker gives nothing, in Hz.
    let brightness: Double
    /// What the tone controls add, in dB: around 500 Hz, around 2.8 kHz.
    let middle: Double
    let presence: Double
    /// How loud it is beside all that is not amplified, in dB.
    let level: Double

    /// A stack at full gain with the middle scooped out.
    static let highGain = Amplifier(drive: 30, brightness: 6500, middle: -7, presence: 3, level: 5)
}

extension Sound {
    /// Plays the sound through an amplifier; what comes out has a level of 0 dB (root mean square).
    mutating func amplify(_ amplifier: Amplifier) {
        // Bass that reaches the distortion turns it into mud.
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
