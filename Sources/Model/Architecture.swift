/// The shape of the network: convolutions on the cepstral coefficients, then statistics of what is left of the window,
/// then one linear layer.
///
/// There are two kinds. The 1-D kind convolves over time with the coefficients as channels. The 2-D kind first makes
/// bands of the coefficients, a linear layer, and convolves over time and frequency; the channels of the bands that are
/// left then are the channels of 1-D blocks.
///
/// Over time every convolution is *valid* (no padding at a window's edge) and followed by ReLU and max-pooling on an
/// absolute grid of frames, so that two windows that overlap share all that they have in common (Rybakov et al.,
/// "Streaming keyword spotting on mobile devices", 2020). Over frequency there are zeros beside the outermost bands.
public struct Architecture: Codable, Hashable, Sendable {
    /// Convolution over time, ReLU, max-pooling.
    public struct Block: Codable, Hashable, Sendable {
        /// Output channels.
        public var channels: Int
        /// Frames under the kernel.
        public var kernel: Int
        /// Frames per max-pool; 1 is none.
        public var pool: Int

        public init(channels: Int, kernel: Int, pool: Int) {
            self.channels = channels
            self.kernel = kernel
            self.pool = pool
        }
    }

    /// Convolution over time and frequency, ReLU, max-pooling.
    public struct Block2D: Codable, Hashable, Sendable {
        /// Output channels a band.
        public var channels: Int
        /// Frames and bands under the kernel; of bands an odd number.
        public var kernel: Extent
        /// Frames and bands per max-pool; 1 is none. Bands that fill no pool are dropped.
        public var pool: Extent

        public init(channels: Int, kernel: Extent, pool: Extent) {
            self.channels = channels
            self.kernel = kernel
            self.pool = pool
        }
    }

    public struct Extent: Codable, Hashable, Sendable {
        /// In frames, or positions of the block before.
        public var time: Int
        /// In bands.
        public var frequency: Int

        public init(time: Int, frequency: Int) {
            self.time = time
            self.frequency = frequency
        }

        public var area: Int { time * frequency }
    }

    public var kind: String
    /// Bands that the 2-D blocks begin with; 0 where there are none.
    public var bands: Int
    /// Come before `blocks`; none in the 1-D kind.
    public var blocks2d: [Block2D]
    public var blocks: [Block]
    /// What is taken over the positions that are left, in the order of the head's inputs.
    public var statistics: [String]
    /// Added to the variance before its root.
    public var stdEpsilon: Float

    enum CodingKeys: String, CodingKey {
        case kind, bands, blocks2d, blocks, statistics
        case stdEpsilon = "std_epsilon"
    }

    public static let kind = "conv1d-statistics"
    public static let kind2d = "conv2d-statistics"
    public static let statistics = ["mean", "max", "std"]

    /// The 2-D kind if there are 2-D blocks, else the 1-D kind.
    public init(bands: Int = 0, blocks2d: [Block2D] = [], blocks: [Block], stdEpsilon: Float = 1e-5) {
        self.kind = blocks2d.isEmpty ? Self.kind : Self.kind2d
        self.bands = bands
        self.blocks2d = blocks2d
        self.blocks = blocks
        self.statistics = Self.statistics
        self.stdEpsilon = stdEpsilon
    }

    /// Files older than the 2-D kind do not speak of it.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        kind = try values.decode(String.self, forKey: .kind)
        bands = try values.decodeIfPresent(Int.self, forKey: .bands) ?? 0
        blocks2d = try values.decodeIfPresent([Block2D].self, forKey: .blocks2d) ?? []
        blocks = try values.decode([Block].self, forKey: .blocks)
        statistics = try values.decode([String].self, forKey: .statistics)
        stdEpsilon = try values.decode(Float.self, forKey: .stdEpsilon)
    }

    /// Frames from one output of the last block to the next: the network's step.
    public var step: Int {
        blocks.reduce(blocks2d.reduce(1) { $0 * $1.pool.time }) { $0 * $1.pool }
    }

    /// Positions of the last block in a window of `frames` frames; 0 when the window is too short.
    public func positions(frames: Int) -> Int {
        let left = blocks2d.reduce(frames) { max(0, $0 - ($1.kernel.time - 1)) / $1.pool.time }
        return blocks.reduce(left) { max(0, $0 - ($1.kernel - 1)) / $1.pool }
    }

    /// Inputs of the linear layer.
    public var features: Int { (blocks.last?.channels ?? 0) * statistics.count }

    /// Weights and biases, given the input's coefficients and the number of labels.
    public func parameterCount(coefficients: Int, labels: Int) -> Int {
        layers(coefficients: coefficients).reduce(labels * (features + 1)) { $0 + $1.outputs * ($1.fan + 1) }
    }

    /// Multiplications per second of audio in incremental use.
    public func multiplicationsPerSecond(frontEnd: FrontEnd, labels: Int) -> Double {
        var rate = 1 / frontEnd.hopDuration
        var total = 0.0
        for layer in layers(coefficients: frontEnd.coefficients) {
            total += rate * Double(layer.bands * layer.outputs * layer.fan)
            rate /= Double(layer.pool.time)
        }
        return total + rate * Double(labels * features)
    }

    /// What keeps this architecture from being run on windows of this front end, or nil.
    public func problem(frontEnd: FrontEnd) -> String? {
        if kind != Self.kind && kind != Self.kind2d {
            return "architecture kind '\(kind.prefix(40))' is unknown; this version runs '\(Self.kind)' and"
                + " '\(Self.kind2d)'"
        }
        if statistics != Self.statistics { return "statistics must be \(Self.statistics)" }
        if let problem = kind == Self.kind2d ? problemOfFront() : problemOfNoFront() { return problem }
        if !(1...8).contains(blocks.count) { return "\(blocks.count) blocks; 1 to 8 are possible" }
        for (index, block) in blocks.enumerated() {
            guard (1...2048).contains(block.channels), (1...15).contains(block.kernel), (1...4).contains(block.pool)
            else {
                return "block \(index) has \(block.channels) channels, kernel \(block.kernel), pool \(block.pool);"
                    + " up to 2048, 15 and 4 are possible"
            }
        }
        if !(stdEpsilon > 0 && stdEpsilon < 1) { return "std_epsilon must be between 0 and 1" }
        if positions(frames: frontEnd.windowFrames) < 1 {
            return "the blocks leave nothing of a window of \(frontEnd.windowFrames) frames"
        }
        let cost = multiplicationsPerSecond(frontEnd: frontEnd, labels: 0)
        if cost > Self.maximumCost {
            return "it takes \(Int(cost / 1e6)) million multiplications a second of audio; at most"
                + " \(Int(Self.maximumCost / 1e6)) million are possible"
        }
        return nil
    }

    /// Multiplications per second of audio: what one core of a small computer still does in time.
    private static let maximumCost = 1e9

    private func problemOfNoFront() -> String? {
        guard blocks2d.isEmpty, bands == 0 else {
            return "blocks2d and bands are for kind '\(Self.kind2d)'; this is '\(Self.kind)'"
        }
        return nil
    }

    private func problemOfFront() -> String? {
        if !(1...6).contains(blocks2d.count) { return "\(blocks2d.count) blocks2d; 1 to 6 are possible" }
        if !(4...64).contains(bands) { return "\(bands) bands; kind '\(Self.kind2d)' takes 4 to 64" }
        var left = bands
        for (index, block) in blocks2d.enumerated() {
            guard (1...256).contains(block.channels), (1...7).contains(block.kernel.time),
                (1...7).contains(block.kernel.frequency), block.kernel.frequency % 2 == 1,
                (1...4).contains(block.pool.time), (1...4).contains(block.pool.frequency)
            else {
                return "2-D block \(index) has \(block.channels) channels, kernel \(block.kernel.time) x"
                    + " \(block.kernel.frequency), pool \(block.pool.time) x \(block.pool.frequency); up to 256, 7 x 7"
                    + " (odd over frequency) and 4 x 4 are possible"
            }
            left /= block.pool.frequency
        }
        return left < 1 ? "the 2-D blocks leave nothing of \(bands) bands" : nil
    }
}
