/// The arithmetic of inference.
///
/// Written by hand rather than left to a BLAS: on the audio path nothing may allocate or lock, and a BLAS keeps a
/// locked pool of buffers and threads of its own; at one to four columns it would gain nothing.
enum Kernels {
    typealias Lane = SIMD16<Float>

    @inline(__always)
    private static func load(_ pointer: UnsafePointer<Float>, _ offset: Int) -> Lane {
        UnsafeRawPointer(pointer + offset).loadUnaligned(as: Lane.self)
    }

    /// Σ a[i]·b[i], always in the same order: equal inputs give equal bits, however many columns are computed at once.
    @inline(__always)
    static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
        var sum = Lane(repeating: 0)
        var index = 0
        while index + Lane.scalarCount <= count {
            sum += load(a, index) * load(b, index)
            index += Lane.scalarCount
        }
        var total = sum.sum()
        while index < count {
            total += a[index] * b[index]
            index += 1
        }
        return total
    }

    /// Two columns at once: a weight is read once for both. Same order of additions as `dot`.
    @inline(__always)
    static func dot2(
        _ a: UnsafePointer<Float>, _ b0: UnsafePointer<Float>, _ b1: UnsafePointer<Float>, _ count: Int
    ) -> (Float, Float) {
        var sum0 = Lane(repeating: 0)
        var sum1 = Lane(repeating: 0)
        var index = 0
        while index + Lane.scalarCount <= count {
            let weight = load(a, index)
            sum0 += weight * load(b0, index)
            sum1 += weight * load(b1, index)
            index += Lane.scalarCount
        }
        var (total0, total1) = (sum0.sum(), sum1.sum())
        while index < count {
            total0 += a[index] * b0[index]
            total1 += a[index] * b1[index]
            index += 1
        }
        return (total0, total1)
    }

    /// A valid convolution over consecutive frames and ReLU: `positions` frames of `layer.outputs` from
    /// `positions + kernel - 1` frames of `layer.inputs`.
    static func convolve(
        _ layer: borrowing Weights.Layer, _ input: UnsafePointer<Float>, positions: Int,
        into output: UnsafeMutablePointer<Float>
    ) {
        let length = layer.kernel * layer.inputs
        let (inputs, outputs) = (layer.inputs, layer.outputs)
        layer.weight.withUnsafeBufferPointer { weight in
            layer.bias.withUnsafeBufferPointer { bias in
                for channel in 0..<outputs {
                    let row = weight.baseAddress! + channel * length
                    var position = 0
                    while position + 2 <= positions {
                        let (a, b) = dot2(row, input + position * inputs, input + (position + 1) * inputs, length)
                        output[position * outputs + channel] = max(0, a + bias[channel])
                        output[(position + 1) * outputs + channel] = max(0, b + bias[channel])
                        position += 2
                    }
                    if position < positions {
                        let a = dot(row, input + position * inputs, length)
                        output[position * outputs + channel] = max(0, a + bias[channel])
                    }
                }
            }
        }
    }

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

    /// The linear layer.
    static func linear(
        _ weights: borrowing Weights, _ input: UnsafePointer<Float>, into logits: UnsafeMutablePointer<Float>
    ) {
        let count = weights.headWeight.count / weights.headBias.count
        weights.headWeight.withUnsafeBufferPointer { weight in
            for label in 0..<weights.headBias.count {
                logits[label] = dot(weight.baseAddress! + label * count, input, count) + weights.headBias[label]
            }
        }
    }
}
