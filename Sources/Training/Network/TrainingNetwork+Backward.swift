// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension TrainingNetwork {
    /// Computes `gradient`, the gradient of the mean cross-entropy with `targets`, after a forward pass in training mode.
    ///
    /// Each branch has its own loss, and the loss is their mean. With one common loss, each branch would learn only what the
    /// others do not already provide.
    ///
    /// Returns the mean loss, and the number of windows whose most probable label is also that of the target.
    func backward() -> (loss: Double, hits: Int) {
        withParameters { parameters in
            workers.forEach(parts) { part, _ in
                headDelta(part)
                featureDelta(windows(part), parameters)
                for branch in branches {
                    statisticsDelta(branch, windows(part))
                    if let last = branch.layers.last { sumDeltas(last, part) }
                }
            }
            for layer in branches.flatMap({ $0.layers.reversed() }) {
                normalisationDelta(layer)
                workers.forEach(parts) { part, worker in
                    convolutionDelta(layer, part, parameters, scratch[worker])
                    if let previous = layer.previous { sumDeltas(previous, part) }
                }
            }
        }
        addUpGradients()
        return (0..<parts).reduce((0, 0)) { ($0.0 + partLoss[$1] / Double(batch), $0.1 + partHits[$1]) }
    }

    /// A part's gradient of a range of parameters.
    private func gradient(_ part: Int, _ range: Range<Int>) -> UnsafeMutablePointer<Float> {
        partialGradients.pointer + part * shape.count + range.lowerBound
    }

    /// Computes softmax and cross-entropy: the loss and hits of the part, and the derivative of the loss with respect to the
    /// branches' logits, which replaces them.
    private func headDelta(_ part: Int) {
        let labels = shape.labels
        let windows = windows(part)
        let biasGradient = gradient(part, shape.headBias)
        biasGradient.update(repeating: 0, count: labels)
        let share = 1 / Float(batch * branches.count)
        var loss = 0.0
        for (number, branch) in branches.enumerated() {
            for window in windows {
                let values = branchLogits(number, window)
                let target = targets.pointer + window * labels
                let largest = (1..<labels).reduce(values[0]) { max($0, values[$1]) }
                var sum: Float = 0
                for label in 0..<labels { sum += exp(values[label] - largest) }
                let logSum = log(sum) + largest
                for label in 0..<labels {
                    let logProbability = values[label] - logSum
                    loss -= Double(target[label] * logProbability)
                    values[label] = (exp(logProbability) - target[label]) * share
                    biasGradient[label] += values[label]
                }
            }
            let range = branch.shape.features
            BLAS.multiply(
                branchLogits(number, windows.lowerBound), transposingA: true,
                features.pointer + windows.lowerBound * shape.features + range.lowerBound, strideB: shape.features,
                rows: labels, columns: range.count, inner: windows.count, scale: Float(branches.count),
                into: gradient(part, shape.headWeight) + range.lowerBound, strideC: shape.features)
        }
        partLoss[part] = loss / Double(branches.count)
        partHits[part] = windows.count { window in
            let (values, target) = (logits.pointer + window * labels, targets.pointer + window * labels)
            var (best, wanted) = (0, 0)
            for label in 1..<labels {
                if values[label] > values[best] { best = label }
                if target[label] > target[wanted] { wanted = label }
            }
            return best == wanted
        }
    }

    /// Computes the derivatives with respect to the statistics from those with respect to the branches' logits. They replace
    /// the statistics, which are no longer needed, since the outputs of the last blocks are kept.
    private func featureDelta(_ windows: Range<Int>, _ parameters: UnsafePointer<Float>) {
        let delta = features.pointer + windows.lowerBound * shape.features
        for (number, branch) in branches.enumerated() {
            let range = branch.shape.features
            BLAS.multiply(
                branchLogits(number, windows.lowerBound), parameters + shape.headWeight.lowerBound + range.lowerBound,
                strideB: shape.features, rows: windows.count, columns: range.count, inner: shape.labels,
                scale: Float(branches.count), into: delta + range.lowerBound, strideC: shape.features)
        }
        let mask = dropoutMask.pointer + windows.lowerBound * shape.features
        for index in 0..<(windows.count * shape.features) { delta[index] *= mask[index] }
    }

    /// Computes the derivatives with respect to the last block's output from those with respect to mean, maximum and deviation
    /// (in `features`).
    private func statisticsDelta(_ branch: Branch, _ windows: Range<Int>) {
        guard let layer = branch.layers.last else { return }
        let (channels, positions) = (layer.block.outputs, layer.block.pooled)
        let share = 1 / Float(positions)
        for window in windows {
            let values = branch.pooled.pointer + window * layer.block.outputCount
            let byMean = features.pointer + window * shape.features + branch.shape.features.lowerBound
            let (byMaximum, byDeviation) = (byMean + channels, byMean + 2 * channels)
            let target = layer.outputDelta(window)
            for channel in 0..<channels {
                var mean: Float = 0
                var (largest, place) = (values[channel], 0)
                for position in 0..<positions {
                    let value = values[position * channels + channel]
                    mean += value
                    if value > largest { (largest, place) = (value, position) }
                }
                mean *= share
                var squares: Float = 0
                for position in 0..<positions {
                    let difference = values[position * channels + channel] - mean
                    squares += difference * difference
                }
                let deviation = (squares * share + shape.architecture.stdEpsilon).squareRoot()
                let slope = byDeviation[channel] * share / deviation
                let base = byMean[channel] * share
                for position in 0..<positions {
                    target[position * channels + channel] =
                        base + slope * (values[position * channels + channel] - mean)
                }
                target[place * channels + channel] += byMaximum[channel]
            }
        }
    }

    /// Computes the gradients of batch normalisation's scale and shift, and the constant and slope of its derivative:
    /// scale·(δ - δ̄ - x̂·(δ·x̂)‾) = scale·δ + constant + slope·x.
    private func normalisationDelta(_ layer: Layer) {
        let block = layer.block
        let rows = Double(batch * block.rows)
        for channel in 0..<block.outputs {
            var (sum, normalisedSum) = (0.0, 0.0)
            for part in 0..<parts {
                let sums = layer.sums.pointer + part * 2 * block.outputs
                sum += Double(sums[channel])
                normalisedSum += Double(sums[block.outputs + channel])
            }
            let scale = Double(layer.scale.pointer[channel])
            let slope = -scale * Double(layer.inverseDeviation.pointer[channel]) * normalisedSum / rows
            layer.deltaSlope.pointer[channel] = Float(slope)
            layer.deltaConstant.pointer[channel] =
                Float(-scale * sum / rows - slope * Double(layer.mean.pointer[channel]))
            // The sums are over all parts already: the first part gets them, the others get 0.
            for part in 0..<parts {
                gradient(part, block.shift)[channel] = part == 0 ? Float(sum) : 0
                gradient(part, block.scale)[channel] = part == 0 ? Float(normalisedSum) : 0
            }
        }
    }

    /// Computes the gradient of the weights and the derivative with respect to the output of the layer before.
    private func convolutionDelta(
        _ layer: Layer, _ part: Int, _ parameters: UnsafePointer<Float>, _ scratch: Scratch
    ) {
        let block = layer.block
        let (columns, delta) = (scratch.columns.pointer, scratch.delta.pointer)
        var isFirst = true
        for windows in layer.chunks(windows(part)) {
            let rows = windows.count * block.rows
            convolvedDelta(layer, windows, into: delta)
            gatherColumns(layer, windows, into: columns)
            BLAS.multiply(
                delta, transposingA: true, columns, rows: block.outputs, columns: block.fan, inner: rows,
                keeping: isFirst ? 0 : 1, into: gradient(part, block.weight))
            isFirst = false
            guard let previous = layer.previous else { continue }
            BLAS.multiply(
                delta, parameters + block.weight.lowerBound, rows: rows, columns: block.fan, inner: block.outputs,
                into: columns)
            scatterColumns(columns, layer, windows, into: previous.outputDelta(windows.lowerBound))
        }
    }

    private func addUpGradients() {
        let pieces = 16
        workers.forEach(pieces) { piece, _ in
            let range = (piece * shape.count / pieces)..<((piece + 1) * shape.count / pieces)
            let target = gradient.pointer
            (target + range.lowerBound).update(from: partialGradients.pointer + range.lowerBound, count: range.count)
            for part in 1..<max(1, parts) {
                let source = partialGradients.pointer + part * shape.count
                for index in range { target[index] += source[index] }
            }
        }
    }
}
