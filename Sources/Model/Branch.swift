// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

extension Architecture {
    /// A sequence of blocks that begins with the coefficients.
    package struct Branch: Hashable, Sendable {
        /// Bands of the first 2-D block's input; 0 in a branch over time.
        package var bands: Int
        /// 2-D blocks, before `blocks`; empty in a branch over time.
        package var blocks2d: [Block2D]
        /// 1-D blocks, 1 to 8.
        package var blocks: [Block]

        package init(bands: Int = 0, blocks2d: [Block2D] = [], blocks: [Block]) {
            self.bands = bands
            self.blocks2d = blocks2d
            self.blocks = blocks
        }

        /// Frames from one output of the last block to the next.
        package var step: Int {
            blocks.reduce(blocks2d.reduce(1) { $0 * $1.pool.time }) { $0 * $1.pool }
        }

        /// Output channels of the last block.
        package var channels: Int { blocks.last?.channels ?? 0 }

        /// Output positions of the last block in a window of `frames` frames; 0 if the window is too short.
        package func positions(frames: Int) -> Int {
            let left = blocks2d.reduce(frames) { max(0, $0 - ($1.kernel.time - 1)) / $1.pool.time }
            return blocks.reduce(left) { max(0, $0 - ($1.kernel - 1)) / $1.pool }
        }

        /// Describes why this branch cannot run on windows of this front end; nil if it can.
        func problem(frontEnd: FrontEnd) -> String? {
            if let problem = blocks2d.isEmpty && bands == 0 ? nil : problemOfFront() { return problem }
            if !(1...8).contains(blocks.count) { return "\(blocks.count) blocks; 1 to 8 are allowed" }
            for (index, block) in blocks.enumerated() {
                guard (1...2048).contains(block.channels), (1...15).contains(block.kernel), (1...4).contains(block.pool)
                else {
                    return "block \(index) has \(block.channels) channels, kernel \(block.kernel), pool \(block.pool);"
                        + " up to 2048, 15 and 4 are allowed"
                }
            }
            if positions(frames: frontEnd.windowFrames) < 1 {
                return "the blocks leave nothing of a window of \(frontEnd.windowFrames) frames"
            }
            return nil
        }

        private func problemOfFront() -> String? {
            if !(1...6).contains(blocks2d.count) { return "\(blocks2d.count) blocks2d; with bands 1 to 6 are allowed" }
            if !(4...64).contains(bands) { return "\(bands) bands; blocks2d begin with 4 to 64" }
            var left = bands
            for (index, block) in blocks2d.enumerated() {
                guard (1...256).contains(block.channels), (1...7).contains(block.kernel.time),
                    (1...7).contains(block.kernel.frequency), block.kernel.frequency % 2 == 1,
                    (1...4).contains(block.pool.time), (1...4).contains(block.pool.frequency)
                else {
                    return "2-D block \(index) has \(block.channels) channels, kernel \(block.kernel.time) x"
                        + " \(block.kernel.frequency), pool \(block.pool.time) x \(block.pool.frequency); up to 256,"
                        + " 7 x 7 (odd over frequency) and 4 x 4 are allowed"
                }
                left /= block.pool.frequency
            }
            return left < 1 ? "the 2-D blocks leave nothing of \(bands) bands" : nil
        }
    }

    /// 1-D block: convolution over time, ReLU, max-pooling.
    package struct Block: Encodable, Hashable, Sendable {
        /// Output channels.
        package var channels: Int
        /// Frames under the kernel.
        package var kernel: Int
        /// Frames per max-pool; 1 means no pooling.
        package var pool: Int

        package init(channels: Int, kernel: Int, pool: Int) {
            self.channels = channels
            self.kernel = kernel
            self.pool = pool
        }
    }

    /// 2-D block: convolution over time and frequency, ReLU, max-pooling.
    package struct Block2D: Encodable, Hashable, Sendable {
        /// Output channels per band.
        package var channels: Int
        /// Frames and bands under the kernel. The number of bands is odd.
        package var kernel: Extent
        /// Frames and bands per max-pool; 1 means no pooling. Bands that do not fill a pool are dropped.
        package var pool: Extent

        package init(channels: Int, kernel: Extent, pool: Extent) {
            self.channels = channels
            self.kernel = kernel
            self.pool = pool
        }
    }

    /// Size of a kernel or a pool.
    package struct Extent: Encodable, Hashable, Sendable {
        /// In positions of the previous block, or frames.
        package var time: Int
        /// In bands.
        package var frequency: Int

        package init(time: Int, frequency: Int) {
            self.time = time
            self.frequency = frequency
        }

        package var area: Int { time * frequency }
    }
}

extension Architecture.Branch: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case bands, blocks2d, blocks
    }

    /// Decodes a branch. `bands` and `blocks2d` are absent in a branch over time.
    package init(from decoder: any Decoder) throws {
        let values = try JSON.container(of: "a branch", decoder, keyedBy: CodingKeys.self)
        bands = try values.decodeIfPresent(Int.self, forKey: .bands) ?? 0
        blocks2d = try values.decodeIfPresent([Architecture.Block2D].self, forKey: .blocks2d) ?? []
        blocks = try values.decode([Architecture.Block].self, forKey: .blocks)
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        if bands != 0 || !blocks2d.isEmpty {
            try values.encode(bands, forKey: .bands)
            try values.encode(blocks2d, forKey: .blocks2d)
        }
        try values.encode(blocks, forKey: .blocks)
    }
}

// Decoded by hand, so that unknown keys (a stride, a dilation) are refused instead of ignored.

extension Architecture.Block: Decodable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case channels, kernel, pool }

    package init(from decoder: any Decoder) throws {
        let values = try JSON.container(of: "a block", decoder, keyedBy: CodingKeys.self)
        channels = try values.decode(Int.self, forKey: .channels)
        kernel = try values.decode(Int.self, forKey: .kernel)
        pool = try values.decode(Int.self, forKey: .pool)
    }
}

extension Architecture.Block2D: Decodable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case channels, kernel, pool }

    package init(from decoder: any Decoder) throws {
        let values = try JSON.container(of: "a 2-D block", decoder, keyedBy: CodingKeys.self)
        channels = try values.decode(Int.self, forKey: .channels)
        kernel = try values.decode(Architecture.Extent.self, forKey: .kernel)
        pool = try values.decode(Architecture.Extent.self, forKey: .pool)
    }
}

extension Architecture.Extent: Decodable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case time, frequency }

    package init(from decoder: any Decoder) throws {
        let values = try JSON.container(of: "an extent", decoder, keyedBy: CodingKeys.self)
        time = try values.decode(Int.self, forKey: .time)
        frequency = try values.decode(Int.self, forKey: .frequency)
    }
}
