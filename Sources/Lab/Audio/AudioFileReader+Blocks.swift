// SPDX-License-Identifier: GPL-3.0-or-later

import Capture

extension AudioFileReader {
    /// Reads to the end of the file, a block at a time.
    func forEachBlock(_ body: (Span<Float>) -> Void) {
        var block = [Float](repeating: 0, count: 1 << 16)
        while case let count = block.withUnsafeMutableBufferPointer({ read(into: $0) }), count > 0 {
            body(block.span.extracting(first: count))
        }
    }
}
