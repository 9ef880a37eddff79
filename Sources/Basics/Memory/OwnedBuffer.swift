// SPDX-License-Identifier: GPL-3.0-or-later

/// A fixed number of elements in memory that has one owner and is freed with it.
///
/// The address never changes and, from 64 bytes on, is aligned for every vector unit and for FFTW. Store a buffer in a
/// `let`: elements can be written all the same, so that the audio path pays neither for exclusivity checks nor for copies
/// on write. In return the owner makes sure that only one thread at a time writes, as with any pointer.
///
/// `subscript`, `elements.span` and `elements.mutableSpan` check bounds. `pointer` and `elements` are for kernels and C
/// calls, and are valid as long as the buffer's owner lives.
@frozen
package struct OwnedBuffer<Element: BitwiseCopyable>: ~Copyable {
    /// All elements. Its subscript checks bounds in debug builds only.
    package let elements: UnsafeMutableBufferPointer<Element>

    /// Bytes: a cache line, and the widest vector register.
    private static var alignment: Int { 64 }

    /// Allocates `count` elements, all of them `value`.
    package init(repeating value: Element, count: Int) {
        let byteCount = count * MemoryLayout<Element>.stride
        // What is shorter than the alignment fills no vector, and malloc alone is cheaper.
        let alignment = byteCount < Self.alignment ? 0 : Self.alignment
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: byteCount, alignment: max(alignment, MemoryLayout<Element>.alignment))
        elements = bytes.bindMemory(to: Element.self)
        fill(value)
    }

    @inlinable
    deinit { UnsafeMutableRawBufferPointer(elements).deallocate() }

    @inlinable
    package var count: Int { elements.count }

    /// The first element's address.
    @inlinable
    package var pointer: UnsafeMutablePointer<Element> { elements.baseAddress.unsafelyUnwrapped }

    /// One element. An index outside of the buffer ends the program.
    @inlinable
    package subscript(index: Int) -> Element {
        get {
            precondition(elements.indices.contains(index), "index outside of the buffer")
            return elements[index]
        }
        nonmutating set {
            precondition(elements.indices.contains(index), "index outside of the buffer")
            elements[index] = newValue
        }
    }

    /// Sets every element.
    package func fill(_ value: Element) {
        let bytes = UnsafeMutableRawBufferPointer(elements)
        guard elements.count > 0, let first = bytes.baseAddress else { return }
        // By copies that double, because Swift 6.3 does not specialise this code, and then a loop over elements of a generic
        // type is 20 times slower.
        first.storeBytes(of: value, as: Element.self)
        var filled = MemoryLayout<Element>.stride
        while filled < bytes.count {
            let copied = min(filled, bytes.count - filled)
            (first + filled).copyMemory(from: first, byteCount: copied)
            filled += copied
        }
    }
}
