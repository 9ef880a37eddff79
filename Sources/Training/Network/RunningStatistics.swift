// SPDX-License-Identifier: GPL-3.0-or-later

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
