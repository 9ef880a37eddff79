// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The functions of a mixing desk: level, limiting, fades, mixing.
extension Sound {
    /// The RMS level of the whole sound in dB relative to full scale; -120 for digital silence.
    var level: Double {
        guard !samples.isEmpty else { return -120 }
        let power = samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(samples.count)
        return max(-120, 10 * log10(max(power, 1e-12)))
    }

    /// Sets the RMS level in dB, and limits the peaks that then exceed -3 dB.
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

    /// Cuts the sound to a length, or pads it with silence.
    mutating func fit(seconds: Double) {
        let wanted = 2 * Int((seconds * Double(Self.sampleRate)).rounded())
        if samples.count > wanted {
            samples.removeLast(samples.count - wanted)
        } else {
            samples += [Float](repeating: 0, count: wanted - samples.count)
        }
    }

    /// Fades in and out linearly, each over `seconds`.
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

    /// Adds another sound at a time in seconds. The part beyond the end is discarded.
    mutating func mix(_ other: Sound, at seconds: Double = 0) {
        let start = 2 * Int(seconds * Double(Self.sampleRate))
        for index in 0..<max(0, min(samples.count - start, other.samples.count)) {
            samples[start + index] += other.samples[index]
        }
    }

    /// Removes silence (below -60 dB) from both ends.
    mutating func trim() {
        let isHeard = { (sample: Float) in abs(sample) > 0.001 }
        guard let first = samples.firstIndex(where: isHeard), let last = samples.lastIndex(where: isHeard) else {
            return
        }
        samples = Array(samples[(first / 2 * 2)..<(last / 2 * 2 + 2)])
    }

    mutating func append(_ other: Sound) { samples += other.samples }
}
