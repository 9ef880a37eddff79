// SPDX-License-Identifier: GPL-3.0-or-later

/// Arithmetic of inference, except for the matrix products (`QuantizedLayer`).
enum Kernels {
    /// Stores the elementwise maximum of `target` and `values` in `target`.
    @inline(__always)
    static func maximum(_ target: UnsafeMutablePointer<Float>, _ values: UnsafePointer<Float>, _ count: Int) {
        for index in 0..<count { target[index] = max(target[index], values[index]) }
    }

    /// Computes the mean, maximum and standard deviation of each channel over `positions` frames.
    ///
    /// - Parameters:
    ///   - input: [positions, channels].
    ///   - output: [3, channels].
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
