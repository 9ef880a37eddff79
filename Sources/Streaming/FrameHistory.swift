// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// The last frames of a stream as a network takes them, and how loud each was: what another model needs to go on
/// where the one before it stops.
final class FrameHistory {
    /// Frames that are kept: a window ends at most a network's step ago, which is no longer than a window itself.
    private let capacity: Int
    private let width: Int
    /// [capacity, width], a ring.
    private let coefficients: UnsafeMutablePointer<Float>
    /// [capacity], a ring: each frame's mean square.
    private let powers: UnsafeMutablePointer<Float>
    /// Frames since the last reset; the next one's index.
    private(set) var count = 0

    init(frontEnd: FrontEnd) {
        capacity = 2 * frontEnd.windowFrames
        width = frontEnd.coefficients
        coefficients = .allocate(capacity: capacity * width)
        coefficients.initialize(repeating: 0, count: capacity * width)
        powers = .allocate(capacity: capacity)
        powers.initialize(repeating: 0, count: capacity)
    }

    deinit {
        coefficients.deallocate()
        powers.deallocate()
    }

    func reset() { count = 0 }

    /// Where the next frame's coefficients belong; `append` makes it one of the frames.
    var next: UnsafeMutablePointer<Float> { coefficients + count % capacity * width }

    func append(power: Float) {
        powers[count % capacity] = power
        count += 1
    }

    /// The coefficients of a frame that is still kept.
    func frame(_ index: Int) -> UnsafePointer<Float> {
        assert(index < count && index >= count - capacity, "frame \(index) of \(count) is not kept")
        return UnsafePointer(coefficients + index % capacity * width)
    }

    /// Whether a frame that is still kept is below a power; what was before the first one is silent.
    func isSilent(_ index: Int, below power: Float) -> Bool { index < 0 || powers[index % capacity] < power }
}
