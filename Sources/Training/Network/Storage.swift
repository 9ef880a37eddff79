// SPDX-License-Identifier: GPL-3.0-or-later

/// Memory for numbers, aligned for vector instructions; what is in it is the owner's affair.
final class Storage {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int

    init(_ count: Int) {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * 4, alignment: 64)
        pointer = raw.bindMemory(to: Float.self, capacity: count)
        pointer.initialize(repeating: 0, count: count)
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
