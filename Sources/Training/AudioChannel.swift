// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A way that sound takes from the recording to the listener: what `genrelab extract --through` trains against and
/// `genrelab evaluate --degrade` judges under. Codecs are in the program, which has the library for them.
package enum AudioChannel: String, CaseIterable, Sendable {
    case louder, quieter
    case whiteNoise = "white-noise"
    case pinkNoise = "pink-noise"
    case lowPass = "low-pass"
    case room
    case broadcast

    /// What it does, for people.
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

    /// The sound at the other end. `name` chooses the noise, the room, the compressor: the same one each time.
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
            // Butterworth, as four sections of second order.
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

    /// Quiet passages raised, peaks rounded off.
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

/// A filter of second order (Bristow-Johnson's cookbook).
private struct Biquad {
    let b0, b1, b2, a1, a2: Double

    /// - Parameter lowPass: the corner as a share of the sample rate; above 0.49 nothing is filtered.
    init(lowPass corner: Double, quality: Double) {
        let omega = 2 * .pi * min(0.49, corner)
        let alpha = sin(omega) / (2 * quality)
        let a0 = 1 + alpha
        b0 = (1 - cos(omega)) / 2 / a0
        b1 = (1 - cos(omega)) / a0
        b2 = b0
        a1 = -2 * cos(omega) / a0
        a2 = (1 - alpha) / a0
    }

    func apply(to samples: [Float]) -> [Float] {
        var (z1, z2) = (0.0, 0.0)
        return samples.map { sample in
            let input = Double(sample)
            let output = b0 * input + z1
            z1 = b1 * input - a1 * output + z2
            z2 = b2 * input - a2 * output
            return Float(output)
        }
    }
}

/// Noise of equal power an octave, of unit level, by Paul Kellet's filter of white noise.
private struct PinkNoise {
    private var state = [Float](repeating: 0, count: 7)

    mutating func next(_ generator: inout CounterGenerator) -> Float {
        let white = generator.roughlyNormal()
        let poles: [(Float, Float)] = [
            (0.99886, 0.0555179), (0.99332, 0.0750759), (0.969, 0.153852), (0.8665, 0.3104856), (0.55, 0.5329522),
            (-0.7616, -0.016898),
        ]
        var sum = state[6] + white * 0.5362
        for (index, pole) in poles.enumerated() {
            state[index] = pole.0 * state[index] + white * pole.1
            sum += state[index]
        }
        state[6] = white * 0.115926
        // The filter's own gain.
        return sum * 0.33
    }
}

/// Schroeder's reverberator with Moorer's damping: eight combs, then four all-passes.
private struct Reverberator {
    private struct Line {
        var memory: [Float]
        var place = 0
        var damped: Float = 0
        var feedback: Float
    }

    private var combs: [Line]
    private var passes: [Line]
    private let damping: Float

    /// - Parameter time: until the sound is 60 dB down, seconds.
    init(rate: Int, time: Double, damping: Float) {
        self.damping = damping
        combs = [0.0253, 0.0269, 0.029, 0.0307, 0.0322, 0.0338, 0.0353, 0.0367].map { delay in
            Line(
                memory: [Float](repeating: 0, count: max(1, Int(delay * Double(rate)))),
                feedback: Float(pow(10, -3 * delay / time)))
        }
        passes = [0.0126, 0.01, 0.0077, 0.0051].map { delay in
            Line(memory: [Float](repeating: 0, count: max(1, Int(delay * Double(rate)))), feedback: 0.5)
        }
    }

    mutating func next(_ input: Float) -> Float {
        var sum: Float = 0
        for index in combs.indices {
            let output = combs[index].memory[combs[index].place]
            combs[index].damped = output * (1 - damping) + combs[index].damped * damping
            combs[index].memory[combs[index].place] = input + combs[index].damped * combs[index].feedback
            combs[index].place = (combs[index].place + 1) % combs[index].memory.count
            sum += output
        }
        for index in passes.indices {
            let delayed = passes[index].memory[passes[index].place]
            let output = delayed - sum
            passes[index].memory[passes[index].place] = sum + delayed * passes[index].feedback
            passes[index].place = (passes[index].place + 1) % passes[index].memory.count
            sum = output
        }
        return sum
    }
}
