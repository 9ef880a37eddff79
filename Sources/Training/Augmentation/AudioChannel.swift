// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A change of the sound between recording and listener: `genrelab extract --through` makes training data with it, and
/// `genrelab evaluate --degrade` evaluates under it. Codecs are in genrelab, which links the library for them.
package enum AudioChannel: String, CaseIterable, Sendable {
    case louder, quieter
    case whiteNoise = "white-noise"
    case pinkNoise = "pink-noise"
    case lowPass = "low-pass"
    case room
    case broadcast

    /// Description for people.
    package var summary: String {
        switch self {
        case .louder: "20 dB louder"
        case .quieter: "20 dB quieter"
        case .whiteNoise: "white noise 20 dB under the sound"
        case .pinkNoise: "pink noise 20 dB under the sound"
        case .lowPass: "low-pass at 4 kHz, eighth order"
        case .room: "a room of 0.3 to 1.5 s reverberation"
        case .broadcast: "a broadcaster's compressor and limiter"
        }
    }

    /// Passes samples through the channel. `name` determines the noise, the room or the compressor.
    package func apply(to samples: [Float], rate: Int, name: TrackName) -> [Float] {
        var hash = Fingerprint()
        hash.add(bytes: name.description.utf8)
        var generator = CounterGenerator(seed: hash.value, purpose: .sample)
        let power = samples.reduce(0.0) { $0 + Double($1 * $1) } / Double(max(1, samples.count))
        let level = Float(power.squareRoot())
        switch self {
        case .louder: return samples.map { $0 * 10 }
        case .quieter: return samples.map { $0 * 0.1 }
        case .whiteNoise: return samples.map { $0 + level * 0.1 * generator.roughlyNormal() }
        case .pinkNoise:
            var pink = PinkNoise()
            return samples.map { $0 + level * 0.1 * pink.next(&generator) }
        case .lowPass:
            // A Butterworth filter as four second-order sections.
            return [0.5098, 0.6013, 0.9, 2.5629].reduce(samples) { signal, quality in
                Biquad(lowPass: 4000 / Double(rate), quality: quality).apply(to: signal)
            }
        case .room:
            var reverberator = Reverberator(
                rate: rate, time: Double(generator.uniform(0.3, 1.5)), damping: generator.uniform(0.2, 0.7))
            let wet = generator.uniform(0.3, 0.8)
            return Self.withLevel(level, samples.map { (1 - wet) * $0 + wet * reverberator.next($0) })
        case .broadcast: return Self.compress(samples, level, rate, &generator)
        }
    }

    private static func withLevel(_ level: Float, _ samples: [Float]) -> [Float] {
        let power = samples.reduce(0.0) { $0 + Double($1 * $1) } / Double(max(1, samples.count))
        let gain = level / Float(max(1e-12, power).squareRoot())
        return samples.map { $0 * gain }
    }

    /// Raises quiet passages and rounds off peaks.
    private static func compress(
        _ samples: [Float], _ level: Float, _ rate: Int, _ generator: inout CounterGenerator
    ) -> [Float] {
        let strength = generator.uniform(0.3, 0.9)
        let drive = generator.uniform(1, 4)
        let smoothing = exp(-1 / (0.09 * Float(rate)))
        let reference = max(level, 1e-6)
        var envelope = reference * reference
        return withLevel(
            level,
            samples.map { sample in
                envelope = smoothing * envelope + (1 - smoothing) * sample * sample
                let gain = pow(max(0.05, envelope.squareRoot() / reference), -strength)
                return tanh(sample * gain * drive / (4 * reference))
            })
    }
}
