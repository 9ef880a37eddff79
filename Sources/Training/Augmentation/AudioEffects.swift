// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A second-order filter (Bristow-Johnson's cookbook).
struct Biquad {
    let b0, b1, b2, a1, a2: Double

    /// - Parameter lowPass: corner frequency as a fraction of the sample rate, at most 0.49.
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

/// Noise with equal power in each octave and unit level: Paul Kellet's filter of white noise.
struct PinkNoise {
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
        // Compensates for the filter's gain.
        return sum * 0.33
    }
}

/// Schroeder's reverberator with Moorer's damping: eight combs, then four all-passes.
struct Reverberator {
    private struct Line {
        var memory: [Float]
        var place = 0
        var damped: Float = 0
        var feedback: Float
    }

    private var combs: [Line]
    private var passes: [Line]
    private let damping: Float

    /// - Parameter time: seconds until the sound has decayed by 60 dB.
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
