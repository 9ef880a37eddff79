/// The shape of the network: 1-D convolutions over time on the cepstral coefficients as channels, then statistics
/// of what is left of the window, then one linear layer.
///
/// Every convolution is *valid* (no padding at a window's edge) and followed by ReLU and max-pooling on an absolute
/// grid of frames, so that two windows that overlap share all that they have in common (Rybakov et al.,
/// "Streaming keyword spotting on mobile devices", 2020).
public struct Architecture: Codable, Hashable, Sendable {
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

    public var kind: String
    public var blocks: [Block]
    /// What is taken over the positions that are left, in the order of the head's inputs.
    public var statistics: [String]
    /// Added to the variance before its root.
    public var stdEpsilon: Float

    enum CodingKeys: String, CodingKey {
        case kind, blocks, statistics
        case stdEpsilon = "std_epsilon"
    }

    public static let kind = "conv1d-statistics"
    public static let statistics = ["mean", "max", "std"]

    public init(blocks: [Block], stdEpsilon: Float = 1e-5) {
        self.kind = Self.kind
        self.blocks = blocks
        self.statistics = Self.statistics
        self.stdEpsilon = stdEpsilon
    }

    /// Frames from one output of the last block to the next: the network's step.
    public var step: Int { blocks.reduce(1) { $0 * $1.pool } }

    /// Positions of the last block in a window of `frames` frames; 0 when the window is too short.
    public func positions(frames: Int) -> Int {
        blocks.reduce(frames) { max(0, $0 - ($1.kernel - 1)) / $1.pool }
    }

    /// Inputs of the linear layer.
    public var features: Int { (blocks.last?.channels ?? 0) * statistics.count }

    /// Weights and biases, given the input's coefficients and the number of labels.
    public func parameterCount(coefficients: Int, labels: Int) -> Int {
        var input = coefficients
        var count = 0
        for block in blocks {
            count += block.channels * (input * block.kernel + 1)
            input = block.channels
        }
        return count + labels * (features + 1)
    }

    /// Multiplications per second of audio in incremental use.
    public func multiplicationsPerSecond(frontEnd: FrontEnd, labels: Int) -> Double {
        var rate = 1 / frontEnd.hopDuration
        var input = frontEnd.coefficients
        var total = 0.0
        for block in blocks {
            total += rate * Double(block.channels * input * block.kernel)
            input = block.channels
            rate /= Double(block.pool)
        }
        return total + rate * Double(labels * features)
    }

    /// What keeps this architecture from being run, or nil.
    func problem(frontEnd: FrontEnd) -> String? {
        if kind != Self.kind {
            return "architecture kind '\(kind.prefix(40))' is unknown; this version runs '\(Self.kind)'"
        }
        if statistics != Self.statistics { return "statistics must be \(Self.statistics)" }
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
        return nil
    }
}
