// SPDX-License-Identifier: GPL-3.0-or-later

extension TrainingNetwork {
    /// Calls `body(segment, place, count)` for each run of numbers that the kernel sees in a window: the `count` numbers of
    /// the window's input from `place` on are at `segment` in its columns. The rest of the columns are the zeros beside the
    /// outermost bands.
    @inline(__always)
    private func forEachSegment(
        _ block: NetworkShape.Block, _ body: (_ segment: Int, _ place: Int, _ count: Int) -> Void
    ) {
        let layer = block.layer
        let width = layer.bands * layer.inputs
        if layer.bands == 1 && layer.padding == 0 {
            for position in 0..<block.positions { body(position * block.fan, position * width, block.fan) }
            return
        }
        let span = layer.kernel.frequency * layer.inputs
        for position in 0..<block.positions {
            for band in 0..<layer.bands {
                let first = max(0, band - layer.padding)
                let end = min(layer.bands, band + layer.padding + 1)
                let row = (position * layer.bands + band) * block.fan + (first - band + layer.padding) * layer.inputs
                for time in 0..<layer.kernel.time {
                    body(
                        row + time * span, (position + time) * width + first * layer.inputs,
                        (end - first) * layer.inputs)
                }
            }
        }
    }

    /// Gathers the inputs that the kernel sees: a row for each position and band (im2col).
    func gatherColumns(_ layer: Layer, _ windows: Range<Int>, into columns: UnsafeMutablePointer<Float>) {
        let block = layer.block
        let size = block.rows * block.fan
        if block.layer.padding > 0 { columns.update(repeating: 0, count: windows.count * size) }
        for window in windows {
            let input = layer.input.pointer + window * block.inputCount
            let target = columns + (window - windows.lowerBound) * size
            forEachSegment(block) { segment, place, count in
                let (to, from) = (target + segment, input + place)
                for index in 0..<count { to[index] = from[index] }
            }
        }
    }

    /// The reverse, for derivatives: adds the rows' derivatives for each input number (col2im).
    func scatterColumns(
        _ columns: UnsafePointer<Float>, _ layer: Layer, _ windows: Range<Int>, into target: UnsafeMutablePointer<Float>
    ) {
        let block = layer.block
        let size = block.rows * block.fan
        target.update(repeating: 0, count: windows.count * block.inputCount)
        for window in 0..<windows.count {
            let output = target + window * block.inputCount
            let source = columns + window * size
            forEachSegment(block) { segment, place, count in
                let (to, from) = (output + place, source + segment)
                for index in 0..<count { to[index] += from[index] }
            }
        }
    }
}
