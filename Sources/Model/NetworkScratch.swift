// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Memory that a network needs only while it computes: one layer's output. Networks that one thread runs in turn share it,
/// so that a stream costs less memory, and the processor's cache keeps it from one stream to the next.
package final class NetworkScratch {
    private var output = OwnedBuffer<Float>(repeating: 0, count: 0)

    package init() {}

    var pointer: UnsafeMutablePointer<Float> { output.pointer }

    /// Makes room for the largest layer of a network. Allocates only if it is larger than those before.
    func reserve(_ count: Int) {
        if output.count < count { output = OwnedBuffer(repeating: 0, count: count) }
    }
}
