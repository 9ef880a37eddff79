// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension TrainingNetwork {
    enum Mode {
        /// Uses and records the statistics of the batch, with dropout drawn for this step.
        case training(seed: UInt64, step: Int, dropout: Float)
        /// Uses the running statistics without dropout, like the exported model.
        case inference
    }

    /// Computes `logits` from `input`.
    func forward(_ mode: Mode) {
        withParameters { parameters in
            for layer in branches.flatMap(\.layers) {
                workers.forEach(parts) { part, worker in
                    if let previous = layer.previous { pool(previous, into: layer.input.pointer, windows(part)) }
                    convolve(layer, part, parameters, scratch[worker], mode)
                }
                normalise(layer, parameters, mode)
            }
            workers.forEach(parts) { part, _ in
                for branch in branches {
                    if let last = branch.layers.last { pool(last, into: branch.pooled.pointer, windows(part)) }
                    summarise(branch, windows(part))
                }
                drop(windows(part), mode)
                linear(windows(part), parameters)
            }
        }
    }

    private func convolve(
        _ layer: Layer, _ part: Int, _ parameters: UnsafePointer<Float>, _ scratch: Scratch, _ mode: Mode
    ) {
        let block = layer.block
        var count = 0
        for windows in layer.chunks(windows(part)) {
            let rows = windows.count * block.rows
            let output = layer.convolved(windows.lowerBound)
            gatherColumns(layer, windows, into: scratch.columns.pointer)
            BLAS.multiply(
                scratch.columns.pointer, parameters + block.weight.lowerBound, transposingB: true,
                rows: rows, columns: block.outputs, inner: block.fan, into: output)
            if case .inference = mode { continue }
            addStatistics(output, rows: rows, after: count, to: layer.sums.pointer + part * 2 * block.outputs, layer)
            count += rows
        }
    }

    /// Combines the mean and squared deviations of `rows` rows with those of the `count` rows before them (Chan, Golub and
    /// LeVeque 1979). It takes a few rows at a time, so that they stay in the nearest cache between its two passes.
    private func addStatistics(
        _ values: UnsafePointer<Float>, rows: Int, after count: Int, to sums: UnsafeMutablePointer<Float>,
        _ layer: Layer
    ) {
        let channels = layer.block.outputs
        let rowsAtOnce = 32
        for start in stride(from: 0, to: rows, by: rowsAtOnce) {
            let end = min(rows, start + rowsAtOnce)
            let before = Float(count + start)
            let share = 1 / Float(end - start)
            let weight = Float(end - start) / Float(count + end)
            SIMDLanes.forEach(channels) { first, lanes in
                var sum = SIMDLanes.Vector.zero
                for row in start..<end { sum += SIMDLanes.load(values + row * channels + first, lanes) }
                var mean = sum * share
                var squares = SIMDLanes.Vector.zero
                for row in start..<end {
                    let difference = SIMDLanes.load(values + row * channels + first, lanes) - mean
                    squares += difference * difference
                }
                let (means, deviations) = (sums + first, sums + channels + first)
                if before > 0 {
                    let meanBefore = SIMDLanes.load(means, lanes)
                    let difference = mean - meanBefore
                    squares += SIMDLanes.load(deviations, lanes) + difference * difference * (before * weight)
                    mean = meanBefore + difference * weight
                }
                SIMDLanes.store(mean, means, lanes)
                SIMDLanes.store(squares, deviations, lanes)
            }
        }
    }

    /// Combines the parts' statistics and computes the block's scale and shift.
    private func normalise(_ layer: Layer, _ parameters: UnsafePointer<Float>, _ mode: Mode) {
        let block = layer.block
        let (means, variances) = (running.mean(layer.index), running.variance(layer.index))
        for channel in 0..<block.outputs {
            var mean = Double(running.values[means.lowerBound + channel])
            var variance = Double(running.values[variances.lowerBound + channel])
            if case .training = mode {
                var (count, joined, squares) = (0.0, 0.0, 0.0)
                for part in 0..<parts {
                    let rows = Double(windows(part).count * block.rows)
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

    /// Computes mean, maximum and standard deviation over the positions, as `GenreModel` does.
    private func summarise(_ branch: Branch, _ windows: Range<Int>) {
        guard let block = branch.layers.last?.block else { return }
        let channels = block.outputs
        let share = 1 / Float(block.pooled)
        for window in windows {
            let values = branch.pooled.pointer + window * block.outputCount
            let mean = features.pointer + window * shape.features + branch.shape.features.lowerBound
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
        let labels = shape.labels
        for (number, branch) in branches.enumerated() {
            let output = branchLogits(number, windows.lowerBound)
            for window in 0..<windows.count {
                for label in 0..<labels {
                    output[window * labels + label] = parameters[shape.headBias.lowerBound + label]
                }
            }
            let range = branch.shape.features
            BLAS.multiply(
                features.pointer + windows.lowerBound * shape.features + range.lowerBound, strideA: shape.features,
                parameters + shape.headWeight.lowerBound + range.lowerBound, transposingB: true,
                strideB: shape.features, rows: windows.count, columns: labels, inner: range.count,
                scale: Float(branches.count), keeping: 1, into: output)
        }
        let share = 1 / Float(branches.count)
        for place in (windows.lowerBound * labels)..<(windows.upperBound * labels) {
            var sum: Float = 0
            for number in branches.indices { sum += branchLogits.pointer[number * batch * labels + place] }
            logits.pointer[place] = sum * share
        }
    }

    /// A branch's logits, starting at a window.
    func branchLogits(_ branch: Int, _ window: Int) -> UnsafeMutablePointer<Float> {
        branchLogits.pointer + (branch * batch + window) * shape.labels
    }
}
