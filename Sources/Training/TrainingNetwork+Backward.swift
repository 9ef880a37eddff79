import Foundation

extension TrainingNetwork {
    /// Computes `gradient`, of the mean cross-entropy with `targets`, after a forward pass in training mode.
    ///
    /// Returns the mean loss, and how many windows have their likeliest label where the target has its own.
    func backward() -> (loss: Double, hits: Int) {
        withParameters { parameters in
            workers.forEach(parts) { part, worker in
                let delta = scratch[worker].delta.pointer
                headDelta(part, parameters)
                featureDelta(windows(part), parameters, into: delta)
                statisticsDelta(windows(part), delta)
                if let last = layers.last { unpool(last, part, scratch[worker]) }
            }
            for index in layers.indices.reversed() {
                sumDeltas(layers[index])
                workers.forEach(parts) { part, worker in
                    normalisationDelta(layers[index], windows(part))
                    convolutionDelta(index, part, parameters, scratch[worker])
                    if index > 0 { unpool(layers[index - 1], part, scratch[worker]) }
                }
            }
        }
        addUpGradients()
        return (0..<parts).reduce((0, 0)) { ($0.0 + partLoss[$1] / Double(batch), $0.1 + partHits[$1]) }
    }

    /// The part's gradients.
    private func gradient(_ part: Int, _ range: Range<Int>) -> UnsafeMutablePointer<Float> {
        partialGradients.pointer + part * shape.count + range.lowerBound
    }

    /// Softmax and cross-entropy: loss and hits of the part, and in place of the logits the loss's derivative by them.
    private func headDelta(_ part: Int, _ parameters: UnsafePointer<Float>) {
        let labels = shape.labels
        let windows = windows(part)
        let biasGradient = gradient(part, shape.headBias)
        biasGradient.update(repeating: 0, count: labels)
        var loss = 0.0
        var hits = 0
        for window in windows {
            let values = logits.pointer + window * labels
            let target = targets.pointer + window * labels
            var (best, wanted) = (0, 0)
            for label in 1..<labels {
                if values[label] > values[best] { best = label }
                if target[label] > target[wanted] { wanted = label }
            }
            if best == wanted { hits += 1 }
            let largest = values[best]
            var sum: Float = 0
            for label in 0..<labels { sum += exp(values[label] - largest) }
            let logSum = log(sum) + largest
            for label in 0..<labels {
                let logProbability = values[label] - logSum
                loss -= Double(target[label] * logProbability)
                values[label] = (exp(logProbability) - target[label]) / Float(batch)
                biasGradient[label] += values[label]
            }
        }
        partLoss[part] = loss
        partHits[part] = hits
        BLAS.multiply(
            logits.pointer + windows.lowerBound * labels, transposingA: true,
            features.pointer + windows.lowerBound * shape.features,
            rows: labels, columns: shape.features, inner: windows.count, into: gradient(part, shape.headWeight))
    }

    private func featureDelta(
        _ windows: Range<Int>, _ parameters: UnsafePointer<Float>, into delta: UnsafeMutablePointer<Float>
    ) {
        // The features themselves are needed no more before dropout undone: what is kept is the last block's output.
        BLAS.multiply(
            logits.pointer + windows.lowerBound * shape.labels, parameters + shape.headWeight.lowerBound,
            rows: windows.count, columns: shape.features, inner: shape.labels, into: delta)
        let mask = dropoutMask.pointer + windows.lowerBound * shape.features
        for index in 0..<(windows.count * shape.features) { delta[index] *= mask[index] }
        // Into `features`, so that the scratch is free for what comes next.
        (features.pointer + windows.lowerBound * shape.features).update(
            from: delta, count: windows.count * shape.features)
    }

    /// From the derivatives by mean, maximum and deviation (in `features`) to those by the last block's output.
    private func statisticsDelta(_ windows: Range<Int>, _ delta: UnsafeMutablePointer<Float>) {
        guard let block = layers.last?.block else { return }
        let (channels, positions) = (block.outputs, block.pooled)
        let share = 1 / Float(positions)
        for window in windows {
            let values = pooled.pointer + window * positions * channels
            let byMean = features.pointer + window * shape.features
            let (byMaximum, byDeviation) = (byMean + channels, byMean + 2 * channels)
            let target = delta + (window - windows.lowerBound) * positions * channels
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

    /// Leads the derivative by a block's output (in `scratch.delta`) back to the position that was the maximum, if it
    /// was above zero, and sums up what batch normalisation needs of it.
    private func unpool(_ layer: Layer, _ part: Int, _ scratch: Scratch) {
        let block = layer.block
        let channels = block.outputs
        let windows = windows(part)
        let (scale, shift) = (layer.scale.pointer, layer.shift.pointer)
        let (mean, inverse) = (layer.mean.pointer, layer.inverseDeviation.pointer)
        let sums = layer.sums.pointer + part * 2 * channels
        let normalisedSums = sums + channels
        for channel in 0..<(2 * channels) { sums[channel] = 0 }
        let largest = scratch.channel.pointer
        for window in windows {
            let first = window * block.positions * channels
            for position in 0..<block.pooled {
                let incoming =
                    scratch.delta.pointer
                    + ((window - windows.lowerBound) * block.pooled + position) * channels
                let group = layer.convolved.pointer + first + position * block.pool * channels
                let delta = layer.delta.pointer + first + position * block.pool * channels
                // Nothing passes from zero or below: the least number above it is where the search begins.
                for channel in 0..<channels { largest[channel] = .leastNormalMagnitude }
                for offset in 0..<block.pool {
                    let values = group + offset * channels
                    for channel in 0..<channels {
                        largest[channel] = max(largest[channel], values[channel] * scale[channel] + shift[channel])
                    }
                }
                for offset in 0..<block.pool {
                    let values = group + offset * channels
                    let target = delta + offset * channels
                    pass(incoming, to: target, whereMaximum: largest, values, scale, shift, channels)
                    // Loops of their own: the compiler makes vector code of a loop over few arrays only.
                    for channel in 0..<channels { sums[channel] += target[channel] }
                    for channel in 0..<channels {
                        normalisedSums[channel] +=
                            target[channel] * ((values[channel] - mean[channel]) * inverse[channel])
                    }
                }
            }
            // Positions that no pool took.
            let used = block.pooled * block.pool
            (layer.delta.pointer + first + used * channels)
                .update(repeating: 0, count: (block.positions - used) * channels)
        }
    }

    /// `target` = `slopes` where scale·value + shift is `largest`, else 0; and there `largest` becomes infinite, so that of
    /// equal maxima only the first counts. Written in vectors, since the compiler makes branches of it.
    private func pass(
        _ slopes: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
        whereMaximum largest: UnsafeMutablePointer<Float>, _ values: UnsafePointer<Float>,
        _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, _ count: Int
    ) {
        typealias Lane = SIMD8<Float>
        func load(_ pointer: UnsafePointer<Float>, _ index: Int) -> Lane {
            UnsafeRawPointer(pointer + index).loadUnaligned(as: Lane.self)
        }
        var index = 0
        while index + Lane.scalarCount <= count {
            let maximum = load(largest, index)
            let isMaximum = load(values, index) * load(scale, index) + load(shift, index) .== maximum
            UnsafeMutableRawPointer(target + index).storeBytes(
                of: Lane(repeating: 0).replacing(with: load(slopes, index), where: isMaximum), as: Lane.self)
            UnsafeMutableRawPointer(largest + index).storeBytes(
                of: maximum.replacing(with: .infinity, where: isMaximum), as: Lane.self)
            index += Lane.scalarCount
        }
        while index < count {
            let isMaximum = values[index] * scale[index] + shift[index] == largest[index]
            target[index] = isMaximum ? slopes[index] : 0
            if isMaximum { largest[index] = .infinity }
            index += 1
        }
    }

    /// The gradients of batch normalisation's scale and shift, and the means that its own derivative subtracts.
    private func sumDeltas(_ layer: Layer) {
        let block = layer.block
        let rows = Double(batch * block.positions)
        for channel in 0..<block.outputs {
            var (sum, normalisedSum) = (0.0, 0.0)
            for part in 0..<parts {
                let sums = layer.sums.pointer + part * 2 * block.outputs
                sum += Double(sums[channel])
                normalisedSum += Double(sums[block.outputs + channel])
            }
            layer.meanDelta.pointer[channel] = Float(sum / rows)
            layer.meanDeltaNormalised.pointer[channel] = Float(normalisedSum / rows)
            // Summed over all parts already: the first part carries them, the others nothing.
            for part in 0..<parts {
                gradient(part, block.shift)[channel] = part == 0 ? Float(sum) : 0
                gradient(part, block.scale)[channel] = part == 0 ? Float(normalisedSum) : 0
            }
        }
    }

    private func normalisationDelta(_ layer: Layer, _ windows: Range<Int>) {
        let block = layer.block
        let channels = block.outputs
        let (mean, inverse, scale) = (layer.mean.pointer, layer.inverseDeviation.pointer, layer.scale.pointer)
        let (meanDelta, meanNormalised) = (layer.meanDelta.pointer, layer.meanDeltaNormalised.pointer)
        for row in (windows.lowerBound * block.positions)..<(windows.upperBound * block.positions) {
            let values = layer.convolved.pointer + row * channels
            let delta = layer.delta.pointer + row * channels
            for channel in 0..<channels {
                let normalised = (values[channel] - mean[channel]) * inverse[channel]
                delta[channel] =
                    scale[channel]
                    * (delta[channel] - meanDelta[channel] - normalised * meanNormalised[channel])
            }
        }
    }

    /// The gradient of the weights and, in `scratch.delta`, the derivative by the block's input.
    private func convolutionDelta(_ index: Int, _ part: Int, _ parameters: UnsafePointer<Float>, _ scratch: Scratch) {
        let layer = layers[index]
        let block = layer.block
        let windows = windows(part)
        let rows = windows.count * block.positions
        let delta = layer.delta.pointer + windows.lowerBound * block.positions * block.outputs
        let columns = scratch.columns.pointer
        gatherColumns(layer, windows, into: columns)
        BLAS.multiply(
            delta, transposingA: true, columns, rows: block.outputs, columns: block.fan, inner: rows,
            into: gradient(part, block.weight))
        guard index > 0 else { return }
        BLAS.multiply(
            delta, parameters + block.weight.lowerBound, rows: rows, columns: block.fan, inner: block.outputs,
            into: columns)
        let target = scratch.delta.pointer
        target.update(repeating: 0, count: windows.count * block.frames * block.inputs)
        for window in 0..<windows.count {
            for position in 0..<block.positions {
                let row = columns + (window * block.positions + position) * block.fan
                let frames = target + (window * block.frames + position) * block.inputs
                for tap in 0..<block.fan { frames[tap] += row[tap] }
            }
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
