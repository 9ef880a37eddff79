import Foundation

extension TrainingNetwork {
    enum Mode {
        /// Statistics of the batch, which the running ones follow, and dropout drawn for this step.
        case training(seed: UInt64, step: Int, dropout: Float)
        /// The running statistics and no dropout: what the exported model computes.
        case inference
    }

    /// Computes `logits` from `input`.
    func forward(_ mode: Mode) {
        withParameters { parameters in
            for index in layers.indices {
                workers.forEach(parts) { part, worker in
                    if index > 0 { pool(layers[index - 1], into: layers[index].input, windows(part)) }
                    convolve(layers[index], part, parameters, scratch[worker])
                }
                normalise(index, parameters, mode)
            }
            workers.forEach(parts) { part, _ in
                if let last = layers.last { pool(last, into: pooled, windows(part)) }
                summarise(windows(part))
                drop(windows(part), mode)
                linear(windows(part), parameters)
            }
        }
    }

    /// Puts the frames under the kernel side by side: a row a position.
    func gatherColumns(_ layer: Layer, _ windows: Range<Int>, into columns: UnsafeMutablePointer<Float>) {
        let block = layer.block
        var row = columns
        for window in windows {
            let frames = layer.input.pointer + window * block.frames * block.inputs
            for position in 0..<block.positions {
                row.update(from: frames + position * block.inputs, count: block.fan)
                row += block.fan
            }
        }
    }

    private func convolve(_ layer: Layer, _ part: Int, _ parameters: UnsafePointer<Float>, _ scratch: Scratch) {
        let block = layer.block
        let windows = windows(part)
        let rows = windows.count * block.positions
        let output = layer.convolved.pointer + windows.lowerBound * block.positions * block.outputs
        gatherColumns(layer, windows, into: scratch.columns.pointer)
        BLAS.multiply(
            scratch.columns.pointer, parameters + block.weight.lowerBound, transposingB: true,
            rows: rows, columns: block.outputs, inner: block.fan, into: output)
        // Mean and squared deviations of the part, in two passes over what is still in the cache.
        let mean = layer.sums.pointer + part * 2 * block.outputs
        let deviations = mean + block.outputs
        let channels = block.outputs
        for channel in 0..<channels {
            mean[channel] = 0
            deviations[channel] = 0
        }
        for row in 0..<rows {
            let values = output + row * channels
            for channel in 0..<channels { mean[channel] += values[channel] }
        }
        let share = 1 / Float(rows)
        for channel in 0..<channels { mean[channel] *= share }
        for row in 0..<rows {
            let values = output + row * channels
            for channel in 0..<channels {
                let difference = values[channel] - mean[channel]
                deviations[channel] += difference * difference
            }
        }
    }

    /// Joins the parts' statistics (Chan, Golub and LeVeque 1979) and makes of them the block's scale and shift.
    private func normalise(_ index: Int, _ parameters: UnsafePointer<Float>, _ mode: Mode) {
        let layer = layers[index]
        let block = layer.block
        let (means, variances) = (running.mean(index), running.variance(index))
        for channel in 0..<block.outputs {
            var mean = Double(running.values[means.lowerBound + channel])
            var variance = Double(running.values[variances.lowerBound + channel])
            if case .training = mode {
                var (count, joined, squares) = (0.0, 0.0, 0.0)
                for part in 0..<parts {
                    let rows = Double(windows(part).count * block.positions)
                    let sums = layer.sums.pointer + part * 2 * block.outputs
                    let difference = Double(sums[channel]) - joined
                    squares += Double(sums[block.outputs + channel])
                    squares += difference * difference * count * rows / (count + rows)
                    count += rows
                    joined += difference * rows / count
                }
                (mean, variance) = (joined, squares / count)
                let momentum = Double(Self.momentum)
                let unbiased = squares / max(1, count - 1)
                running.values[means.lowerBound + channel] +=
                    Float(momentum * (mean - Double(running.values[means.lowerBound + channel])))
                running.values[variances.lowerBound + channel] +=
                    Float(momentum * (unbiased - Double(running.values[variances.lowerBound + channel])))
            }
            let inverse = 1 / (variance + Double(Self.epsilon)).squareRoot()
            let scale = Double(parameters[block.scale.lowerBound + channel]) * inverse
            layer.mean.pointer[channel] = Float(mean)
            layer.inverseDeviation.pointer[channel] = Float(inverse)
            layer.scale.pointer[channel] = Float(scale)
            layer.shift.pointer[channel] = Float(Double(parameters[block.shift.lowerBound + channel]) - mean * scale)
        }
    }

    /// Normalises, cuts off below zero and takes the maximum of each `pool` positions.
    private func pool(_ layer: Layer, into output: Storage, _ windows: Range<Int>) {
        let block = layer.block
        let channels = block.outputs
        let (scale, shift) = (layer.scale.pointer, layer.shift.pointer)
        for window in windows {
            for position in 0..<block.pooled {
                let target = output.pointer + (window * block.pooled + position) * channels
                let first = layer.convolved.pointer + (window * block.positions + position * block.pool) * channels
                for channel in 0..<channels {
                    target[channel] = max(0, first[channel] * scale[channel] + shift[channel])
                }
                for offset in 1..<max(1, block.pool) {
                    let values = first + offset * channels
                    for channel in 0..<channels {
                        target[channel] = max(target[channel], values[channel] * scale[channel] + shift[channel])
                    }
                }
            }
        }
    }

    /// Mean, maximum and standard deviation over the positions, as `GenreModel` takes them.
    private func summarise(_ windows: Range<Int>) {
        guard let block = layers.last?.block else { return }
        let channels = block.outputs
        let share = 1 / Float(block.pooled)
        for window in windows {
            let values = pooled.pointer + window * block.pooled * channels
            let mean = features.pointer + window * shape.features
            let (largest, deviation) = (mean + channels, mean + 2 * channels)
            for channel in 0..<channels {
                mean[channel] = 0
                largest[channel] = values[channel]
                deviation[channel] = 0
            }
            for position in 0..<block.pooled {
                let frame = values + position * channels
                for channel in 0..<channels {
                    mean[channel] += frame[channel]
                    largest[channel] = max(largest[channel], frame[channel])
                }
            }
            for channel in 0..<channels { mean[channel] *= share }
            for position in 0..<block.pooled {
                let frame = values + position * channels
                for channel in 0..<channels {
                    let difference = frame[channel] - mean[channel]
                    deviation[channel] += difference * difference
                }
            }
            let epsilon = shape.architecture.stdEpsilon
            for channel in 0..<channels {
                deviation[channel] = (deviation[channel] * share + epsilon).squareRoot()
            }
        }
    }

    private func drop(_ windows: Range<Int>, _ mode: Mode) {
        guard case .training(let seed, let step, let probability) = mode, probability > 0 else {
            let count = windows.count * shape.features
            (dropoutMask.pointer + windows.lowerBound * shape.features).update(repeating: 1, count: count)
            return
        }
        let kept = 1 / (1 - probability)
        for window in windows {
            var generator = CounterGenerator(seed: seed, step: step, index: window, purpose: .dropout)
            let mask = dropoutMask.pointer + window * shape.features
            let values = features.pointer + window * shape.features
            for feature in 0..<shape.features {
                mask[feature] = generator.uniform() < probability ? 0 : kept
                values[feature] *= mask[feature]
            }
        }
    }

    private func linear(_ windows: Range<Int>, _ parameters: UnsafePointer<Float>) {
        let output = logits.pointer + windows.lowerBound * shape.labels
        for window in 0..<windows.count {
            for label in 0..<shape.labels {
                output[window * shape.labels + label] = parameters[shape.headBias.lowerBound + label]
            }
        }
        BLAS.multiply(
            features.pointer + windows.lowerBound * shape.features, parameters + shape.headWeight.lowerBound,
            transposingB: true, rows: windows.count, columns: shape.labels, inner: shape.features, keeping: 1,
            into: output)
    }
}
