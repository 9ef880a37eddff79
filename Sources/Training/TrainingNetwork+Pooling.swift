/// Normalisation, ReLU and max-pooling in one, forwards and backwards; what normalisation gives is never stored.
extension TrainingNetwork {
    /// Normalises, cuts off below zero and takes the maximum of each pool.
    func pool(_ layer: Layer, into output: Storage, _ windows: Range<Int>) {
        let block = layer.block
        let (channels, offsets) = (block.outputs, layer.poolOffsets)
        for window in windows {
            let target = output.pointer + window * block.outputCount
            forEachPools(block) { row, pooled, first, lanes in
                let values = layer.convolved(window) + row * channels + first
                let scale = Lanes.load(layer.scale.pointer + first, lanes)
                let shift = Lanes.load(layer.shift.pointer + first, lanes)
                for band in 0..<block.layer.pooledBands {
                    var largest = Lanes.Vector.zero
                    for offset in offsets {
                        let place = (band * block.layer.pool.frequency + offset) * channels
                        largest = Lanes.larger(largest, Lanes.load(values + place, lanes) * scale + shift)
                    }
                    Lanes.store(largest, target + (pooled + band) * channels + first, lanes)
                }
            }
        }
    }

    /// What batch normalisation needs of the derivative by its output, which is `outputDelta` where a pool had its maximum
    /// if that was above zero: Σδ and Σδ·x̂ of a part.
    func sumDeltas(_ layer: Layer, _ part: Int) {
        let block = layer.block
        let (channels, offsets) = (block.outputs, layer.poolOffsets)
        let sums = layer.sums.pointer + part * 2 * channels
        let normalisedSums = sums + channels
        sums.update(repeating: 0, count: 2 * channels)
        for window in windows(part) {
            let incoming = layer.outputDelta(window)
            forEachPools(block) { row, pooled, first, lanes in
                let values = layer.convolved(window) + row * channels + first
                let scale = Lanes.load(layer.scale.pointer + first, lanes)
                let shift = Lanes.load(layer.shift.pointer + first, lanes)
                let mean = Lanes.load(layer.mean.pointer + first, lanes)
                let inverse = Lanes.load(layer.inverseDeviation.pointer + first, lanes)
                var sum = Lanes.load(sums + first, lanes)
                var normalisedSum = Lanes.load(normalisedSums + first, lanes)
                for band in 0..<block.layer.pooledBands {
                    var largest = Lanes.Vector.zero
                    var place = mean
                    for offset in offsets {
                        let row = band * block.layer.pool.frequency + offset
                        let value = Lanes.load(values + row * channels, lanes)
                        let normalised = value * scale + shift
                        let isLarger = normalised .> largest
                        largest.replace(with: normalised, where: isLarger)
                        place.replace(with: value, where: isLarger)
                    }
                    var delta = Lanes.load(incoming + (pooled + band) * channels + first, lanes)
                    delta.replace(with: 0, where: largest .== 0)
                    sum += delta
                    normalisedSum += delta * ((place - mean) * inverse)
                }
                Lanes.store(sum, sums + first, lanes)
                Lanes.store(normalisedSum, normalisedSums + first, lanes)
            }
        }
    }

    /// The derivative by `convolved` of some windows: scale·δ where a pool had its maximum, and everywhere what mean and
    /// variance bring.
    func convolvedDelta(_ layer: Layer, _ windows: Range<Int>, into target: UnsafeMutablePointer<Float>) {
        let block = layer.block
        let (channels, offsets) = (block.outputs, layer.poolOffsets)
        for window in windows {
            let incoming = layer.outputDelta(window)
            let output = target + (window - windows.lowerBound) * block.rows * channels
            forEachPools(block) { row, pooled, first, lanes in
                let values = layer.convolved(window) + row * channels + first
                let deltas = output + row * channels + first
                let scale = Lanes.load(layer.scale.pointer + first, lanes)
                let shift = Lanes.load(layer.shift.pointer + first, lanes)
                let constant = Lanes.load(layer.deltaConstant.pointer + first, lanes)
                let slope = Lanes.load(layer.deltaSlope.pointer + first, lanes)
                for band in 0..<block.layer.pooledBands {
                    var largest = Lanes.Vector.zero
                    for offset in offsets {
                        let place = (band * block.layer.pool.frequency + offset) * channels
                        largest = Lanes.larger(largest, Lanes.load(values + place, lanes) * scale + shift)
                    }
                    // Nothing passes from zero or below; and of equal maxima only the first counts.
                    largest.replace(with: .infinity, where: largest .== 0)
                    let delta = Lanes.load(incoming + (pooled + band) * channels + first, lanes) * scale
                    for offset in offsets {
                        let place = (band * block.layer.pool.frequency + offset) * channels
                        let value = Lanes.load(values + place, lanes)
                        let isLargest = value * scale + shift .== largest
                        largest.replace(with: .infinity, where: isLargest)
                        let rest = constant + slope * value
                        Lanes.store(rest.replacing(with: rest + delta, where: isLargest), deltas + place, lanes)
                    }
                }
            }
            forEachUnpooledRow(block) { row in
                Lanes.forEach(channels) { first, lanes in
                    let place = row * channels + first
                    let value = Lanes.load(layer.convolved(window) + place, lanes)
                    let constant = Lanes.load(layer.deltaConstant.pointer + first, lanes)
                    let slope = Lanes.load(layer.deltaSlope.pointer + first, lanes)
                    Lanes.store(constant + slope * value, output + place, lanes)
                }
            }
        }
    }

    /// Calls `body(row, pooled, first, lanes)` for `lanes` channels from `first` on of the pools of one time: the first of
    /// their rows in a window's `convolved`, and the first in what goes out.
    @inline(__always)
    private func forEachPools(
        _ block: NetworkShape.Block, _ body: (_ row: Int, _ pooled: Int, _ first: Int, _ lanes: Int) -> Void
    ) {
        let layer = block.layer
        for time in 0..<block.pooled {
            Lanes.forEach(layer.outputs) { first, lanes in
                body(time * layer.pool.time * layer.bands, time * layer.pooledBands, first, lanes)
            }
        }
    }

    /// The rows of a window that no pool took.
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
