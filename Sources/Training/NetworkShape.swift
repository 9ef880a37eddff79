import Model

/// Where each of the network's trainable numbers lies in one flat array: gradients, moments and averages share it.
struct NetworkShape: Sendable, Equatable {
    struct Block: Sendable, Equatable {
        var inputs: Int
        var outputs: Int
        var kernel: Int
        var pool: Int
        /// Frames that come in, positions after the convolution, positions after pooling.
        var frames: Int
        var positions: Int
        var pooled: Int
        /// [outputs, kernel, inputs]; the convolution has no bias of its own, batch normalisation shifts.
        var weight: Range<Int>
        /// Batch normalisation's, [outputs] each.
        var scale: Range<Int>
        var shift: Range<Int>

        /// Inputs of one output.
        var fan: Int { kernel * inputs }
    }

    let architecture: Architecture
    /// Coefficients a frame.
    let inputs: Int
    /// Frames a window.
    let frames: Int
    let labels: Int
    let blocks: [Block]
    /// [labels, features].
    let headWeight: Range<Int>
    let headBias: Range<Int>
    /// All trainable numbers.
    let count: Int

    init(architecture: Architecture, inputs: Int, frames: Int, labels: Int) {
        var next = 0
        func take(_ count: Int) -> Range<Int> {
            defer { next += count }
            return next..<(next + count)
        }
        var channels = inputs
        var length = frames
        var blocks: [Block] = []
        for block in architecture.blocks {
            let positions = length - (block.kernel - 1)
            blocks.append(
                Block(
                    inputs: channels, outputs: block.channels, kernel: block.kernel, pool: block.pool,
                    frames: length, positions: positions, pooled: positions / block.pool,
                    weight: take(block.channels * block.kernel * channels), scale: take(block.channels),
                    shift: take(block.channels)))
            channels = block.channels
            length = positions / block.pool
        }
        self.architecture = architecture
        self.inputs = inputs
        self.frames = frames
        self.labels = labels
        self.blocks = blocks
        headWeight = take(labels * architecture.features)
        headBias = take(labels)
        count = next
    }

    var features: Int { architecture.features }

    /// What weight decay applies to: matrices, not scales, shifts and biases.
    var decayed: [Range<Int>] { blocks.map(\.weight) + [headWeight] }

    /// Weights as PyTorch starts its layers: uniform within 1/√fan; scales 1, shifts 0.
    func initialParameters(seed: UInt64) -> [Float] {
        var parameters = [Float](repeating: 0, count: count)
        func fill(_ range: Range<Int>, fan: Int, _ layer: Int) {
            var generator = CounterGenerator(seed: seed, index: layer, purpose: .initialisation)
            let bound = 1 / Float(fan).squareRoot()
            for index in range { parameters[index] = generator.uniform(-bound, bound) }
        }
        for (index, block) in blocks.enumerated() {
            fill(block.weight, fan: block.fan, index)
            for place in block.scale { parameters[place] = 1 }
        }
        fill(headWeight, fan: features, blocks.count)
        fill(headBias, fan: features, blocks.count + 1)
        return parameters
    }
}

/// Means and variances of each block's convolution, as inference will use them.
struct RunningStatistics: Sendable, Equatable {
    /// A block's means, then its variances, block after block.
    var values: [Float]
    private let offsets: [Int]
    private let widths: [Int]

    init(shape: NetworkShape) {
        widths = shape.blocks.map(\.outputs)
        offsets = widths.reduce(into: [0]) { $0.append($0.last! + 2 * $1) }
        values = [Float](repeating: 0, count: offsets.last ?? 0)
        for block in widths.indices {
            values.replaceSubrange(variance(block), with: repeatElement(1, count: widths[block]))
        }
    }

    func mean(_ block: Int) -> Range<Int> { offsets[block]..<(offsets[block] + widths[block]) }
    func variance(_ block: Int) -> Range<Int> { (offsets[block] + widths[block])..<offsets[block + 1] }
}
