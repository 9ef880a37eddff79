// SPDX-License-Identifier: GPL-3.0-or-later

/// Running means and variances of each block's convolution, used for inference.
struct RunningStatistics: Sendable, Equatable {
    /// For each block its means, then its variances.
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
