// SPDX-License-Identifier: GPL-3.0-or-later

/// The arithmetic of inference but for the products (`WeightMatrix`).
enum Kernels {
    /// Elementwise maximum of `target` and `values`, into `target`.
    @inline(__always)
    static func maximum(_ target: UnsafeMutablePointer<Float>, _ values: UnsafePointer<Float>, _ count: Int) {
        for index in 0..<count { target[index] = max(target[index], values[index]) }
    }

    /// Mean, maximum and standard deviation of each channel over `positions` frames, one after the other in `output`.
    static func statistics(
        _ input: UnsafePointer<Float>, positions: Int, channels: Int, epsilon: Float,
        into output: UnsafeMutablePointer<Float>
    ) {
        let mean = output
        let largest = output + channels
        let deviation = output + 2 * channels
        for channel in 0..<channels {
            mean[channel] = 0
            largest[channel] = input[channel]
            deviation[channel] = 0
        }
        for position in 0..<positions {
            let frame = input + position * channels
            for channel in 0..<channels {
                mean[channel] += frame[channel]
                largest[channel] = max(largest[channel], frame[channel])
            }
        }
        let scale = 1 / Float(positions)
        for channel in 0..<channels { mean[channel] *= scale }
        for position in 0..<positions {
            let frame = input + position * channels
            for channel in 0..<channels {
                let difference = frame[channel] - mean[channel]
                deviation[channel] += difference * difference
            }
        }
        for channel in 0..<channels { deviation[channel] = (deviation[channel] * scale + epsilon).squareRoot() }
    }
}
