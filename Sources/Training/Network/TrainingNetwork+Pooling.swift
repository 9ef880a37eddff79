// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Normalisation, ReLU and max-pooling in one pass, forward and backward. Normalised values are never stored.
extension TrainingNetwork {
    /// Calls `body(first, pooled)` for each pool of a window, with its first row in `convolved` and its row in the output.
    @inline(__always)
    private func forEachPool(_ block: NetworkShape.Block, _ body: (_ first: Int, _ pooled: Int) -> Void) {
        let layer = block.layer
        for time in 0..<block.pooled {
            for band in 0..<layer.pooledBands {
                body(
                    time * layer.pool.time * layer.bands + band * layer.pool.frequency,
                    time * layer.pooledBands + band)
            }
        }
    }

    /// Normalises, applies ReLU and takes the maximum of each pool.
    func pool(_ layer: Layer, into output: UnsafeMutablePointer<Float>, _ windows: Range<Int>) {
        let block = layer.block
        let channels = block.outputs
        for window in windows {
            let values = layer.convolved(window)
            let target = output + window * block.outputCount
            SIMDLanes.forEach(channels) { first, lanes in
                let scale = SIMDLanes.load(layer.scale.pointer + first, lanes)
                let shift = SIMDLanes.load(layer.shift.pointer + first, lanes)
                forEachPool(block) { row, pooled in
                    var largest = SIMDLanes.Vector.zero
                    for offset in layer.poolOffsets {
                        let value = SIMDLanes.load(values + (row + offset) * channels + first, lanes)
                        largest = SIMDLanes.larger(largest, value * scale + shift)
                    }
                    SIMDLanes.store(largest, target + pooled * channels + first, lanes)
                }
            }
        }
    }

    /// Computes a part's sums Σδ and Σδ·x̂ for batch normalisation. The derivative δ with respect to its output is
    /// `outputDelta` at a pool's maximum if that is positive, and 0 elsewhere.
    func sumDeltas(_ layer: Layer, _ part: Int) {
        let block = layer.block
        let channels = block.outputs
        let sums = layer.sums.pointer + part * 2 * channels
        sums.update(repeating: 0, count: 2 * channels)
        for window in windows(part) {
            let values = layer.convolved(window)
            let incoming = layer.outputDelta(window)
            SIMDLanes.forEach(channels) { first, lanes in
                let scale = SIMDLanes.load(layer.scale.pointer + first, lanes)
                let shift = SIMDLanes.load(layer.shift.pointer + first, lanes)
                let mean = SIMDLanes.load(layer.mean.pointer + first, lanes)
                let inverse = SIMDLanes.load(layer.inverseDeviation.pointer + first, lanes)
                var (sum, normalisedSum) = (SIMDLanes.Vector.zero, SIMDLanes.Vector.zero)
                forEachPool(block) { row, pooled in
                    var largest = SIMDLanes.Vector.zero
                    var place = mean
                    for offset in layer.poolOffsets {
                        let value = SIMDLanes.load(values + (row + offset) * channels + first, lanes)
                        let normalised = value * scale + shift
                        let isLarger = normalised .> largest
                        largest.replace(with: normalised, where: isLarger)
                        place.replace(with: value, where: isLarger)
                    }
                    var delta = SIMDLanes.load(incoming + pooled * channels + first, lanes)
                    delta.replace(with: 0, where: largest .== 0)
                    sum += delta
                    normalisedSum += delta * ((place - mean) * inverse)
                }
                SIMDLanes.store(SIMDLanes.load(sums + first, lanes) + sum, sums + first, lanes)
                let normalisedSums = sums + channels + first
                SIMDLanes.store(SIMDLanes.load(normalisedSums, lanes) + normalisedSum, normalisedSums, lanes)
            }
        }
    }

    /// Computes the derivative with respect to `convolved` for some windows: scale·δ at each pool's maximum, plus the
    /// contributions of mean and variance everywhere.
    func convolvedDelta(_ layer: Layer, _ windows: Range<Int>, into target: UnsafeMutablePointer<Float>) {
        let block = layer.block
        let channels = block.outputs
        let size = block.rows * channels
        for window in windows {
            let values = layer.convolved(window)
            let incoming = layer.outputDelta(window)
            let output = target + (window - windows.lowerBound) * size
            SIMDLanes.forEach(channels) { first, lanes in
                let scale = SIMDLanes.load(layer.scale.pointer + first, lanes)
                let shift = SIMDLanes.load(layer.shift.pointer + first, lanes)
                let constant = SIMDLanes.load(layer.deltaConstant.pointer + first, lanes)
                let slope = SIMDLanes.load(layer.deltaSlope.pointer + first, lanes)
                forEachPool(block) { row, pooled in
                    var largest = SIMDLanes.Vector.zero
                    for offset in layer.poolOffsets {
                        let value = SIMDLanes.load(values + (row + offset) * channels + first, lanes)
                        largest = SIMDLanes.larger(largest, value * scale + shift)
                    }
                    // ReLU has no derivative at or below zero. Of equal maxima only the first one counts.
                    largest.replace(with: .infinity, where: largest .== 0)
                    let delta = SIMDLanes.load(incoming + pooled * channels + first, lanes) * scale
                    for offset in layer.poolOffsets {
                        let place = (row + offset) * channels + first
                        let value = SIMDLanes.load(values + place, lanes)
                        let isLargest = value * scale + shift .== largest
                        largest.replace(with: .infinity, where: isLargest)
                        let rest = constant + slope * value
                        SIMDLanes.store(rest.replacing(with: rest + delta, where: isLargest), output + place, lanes)
                    }
                }
                forEachUnpooledRow(block) { row in
                    let place = row * channels + first
                    SIMDLanes.store(constant + slope * SIMDLanes.load(values + place, lanes), output + place, lanes)
                }
            }
        }
    }

    /// Calls `body` for each row of a window that belongs to no pool.
    @inline(__always)
    private func forEachUnpooledRow(_ block: NetworkShape.Block, _ body: (_ row: Int) -> Void) {
        let layer = block.layer
        let positions = block.pooled * layer.pool.time
        let bands = layer.pooledBands * layer.pool.frequency
        if bands < layer.bands {
            for position in 0..<positions {
                for band in bands..<layer.bands { body(position * layer.bands + band) }
            }
        }
        for row in (positions * layer.bands)..<block.rows { body(row) }
    }
}
