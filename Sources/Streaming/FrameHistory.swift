// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// Ring of a stream's last frames of coefficients and their powers. From it, another model can take over the stream.
final class FrameHistory {
    /// Frames that are kept. The last window ended at most one network step ago, and a step is no longer than a window.
    private let capacity: Int
    private let width: Int
    /// [capacity, width], a ring.
    private let coefficients: OwnedBuffer<Float>
    /// [capacity], a ring of each frame's mean square.
    private let powers: OwnedBuffer<Float>
    /// Frames since the last reset, which is also the next frame's index.
    private(set) var count = 0

    init(frontEnd: FrontEnd) {
        capacity = 2 * frontEnd.windowFrames
        width = frontEnd.coefficients
        coefficients = OwnedBuffer(repeating: 0, count: capacity * width)
        powers = OwnedBuffer(repeating: 0, count: capacity)
    }

    func reset() { count = 0 }

    /// Space for the next frame's coefficients. Fill it, then call `append`.
    var next: UnsafeMutablePointer<Float> { coefficients.pointer + count % capacity * width }

    func append(power: Float) {
        powers[count % capacity] = power
        count += 1
    }

    /// The coefficients of a frame that is still kept.
    func frame(_ index: Int) -> UnsafeBufferPointer<Float> {
        assert(index < count && index >= count - capacity, "frame \(index) of \(count) is not kept")
        return UnsafeBufferPointer(start: coefficients.pointer + index % capacity * width, count: width)
    }

    /// Whether the power of a frame that is still kept is below a limit. Frames before the first one are silent.
    func isSilent(_ index: Int, below power: Float) -> Bool { index < 0 || powers[index % capacity] < power }
}
