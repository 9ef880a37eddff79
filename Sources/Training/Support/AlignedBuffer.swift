// SPDX-License-Identifier: GPL-3.0-or-later

/// An owned array of numbers at a fixed address, aligned for SIMD instructions.
///
/// Workers write to it at the same time, each to its own elements, which an `Array` does not allow.
final class AlignedBuffer<Element: BitwiseCopyable & Numeric> {
    let pointer: UnsafeMutablePointer<Element>
    let count: Int

    /// Makes a buffer of zeros.
    init(_ count: Int) {
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, count) * MemoryLayout<Element>.stride, alignment: 64)
        pointer = raw.bindMemory(to: Element.self, capacity: count)
        pointer.initialize(repeating: 0, count: count)
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }

    subscript(index: Int) -> Element {
        get { pointer[index] }
        set { pointer[index] = newValue }
    }
}
