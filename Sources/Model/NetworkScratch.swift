// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Memory that a network needs only while it computes. Networks that one thread runs in turn share it, so that a stream
/// costs less memory, and the processor's cache keeps it from one stream to the next.
package final class NetworkScratch {
    struct Size {
        var patches = 0
        var output = 0

        mutating func formMaximum(_ other: Size) {
            patches = max(patches, other.patches)
            output = max(output, other.output)
        }
    }

    /// One layer's input for each band of one position.
    private(set) var patches = OwnedBuffer<Float>(repeating: 0, count: 0)
    /// One layer's output.
    private(set) var output = OwnedBuffer<Float>(repeating: 0, count: 0)

    package init() {}

    /// Makes room for the largest layer of a network. Allocates only if it is larger than those before.
    func reserve(_ size: Size) {
        if patches.count < size.patches { patches = OwnedBuffer(repeating: 0, count: size.patches) }
        if output.count < size.output { output = OwnedBuffer(repeating: 0, count: size.output) }
    }
}
