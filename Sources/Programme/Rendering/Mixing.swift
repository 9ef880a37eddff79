// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// What a mixing desk does to a whole recording: level, limiting, fades.
extension Sound {
    /// The level of the whole, as root mean square, in dB below full scale; -120 for digital silence.
    var level: Double {
        guard !samples.isEmpty else { return -120 }
        let power = samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(samples.count)
        return max(-120, 10 * log10(max(power, 1e-12)))
    }

    /// Sets the level in dB (root mean square) and rounds off the peaks that this drives above -3 dB.
    mutating func normalise(to level: Double) {
        let measured = self.level
        guard measured > -100 else { return }
        let gain = Float(pow(10, (level - measured) / 20))
        let knee: Float = 0.7
        let room = 1 - knee - 0.02
        for index in samples.indices {
            let value = samples[index] * gain
            let excess = abs(value) - knee
            samples[index] = excess <= 0 ? value : (value < 0 ? -1 : 1) * (knee + room * tanh(excess / room))
        }
    }

    /// Cuts or pads with silence to a length.
    mutating func fit(seconds: Double) {
        let wanted = 2 * Int((seconds * Double(Self.sampleRate)).rounded())
        if samples.count > wanted {
            samples.removeLast(samples.count - wanted)
        } else {
            samples += [Float](repeating: 0, count: wanted - samples.count)
        }
    }

    /// Fades in and out, linearly, each over `seconds`.
    mutating func fade(seconds: Double) {
        let length = min(frames / 2, Int(seconds * Double(Self.sampleRate)))
        for frame in 0..<length {
            let share = Float(frame) / Float(length)
            for channel in 0...1 {
                samples[frame * 2 + channel] *= share
                samples[(frames - 1 - frame) * 2 + channel] *= share
            }
        }
    }

    mutating func scale(by factor: Double) {
        let gain = Float(factor)
        for index in samples.indices { samples[index] *= gain }
    }

    /// Adds another sound from a time in seconds on; what would go beyond the end is lost.
    mutating func mix(_ other: Sound, at seconds: Double = 0) {
        let start = 2 * Int(seconds * Double(Self.sampleRate))
        for index in 0..<max(0, min(samples.count - start, other.samples.count)) {
            samples[start + index] += other.samples[index]
        }
    }

    /// Cuts the silence (below -60 dB) from both ends.
    mutating func trim() {
        let isHeard = { (sample: Float) in abs(sample) > 0.001 }
        guard let first = samples.firstIndex(where: isHeard), let last = samples.lastIndex(where: isHeard) else {
            return
        }
        samples = Array(samples[(first / 2 * 2)..<(last / 2 * 2 + 2)])
    }

    mutating func append(_ other: Sound) { samples += other.samples }
}
