// SPDX-License-Identifier: GPL-3.0-or-later

/// Cuts bytes into lines. Its memory is bounded, however long a line is.
///
/// Blank lines are skipped. A line over the limit is reported once, as soon as it exceeds the limit, and discarded up to
/// its newline.
package struct LineSplitter: Sendable {
    package enum Item: Sendable, Equatable {
        /// Without its newline.
        case line([UInt8])
        case overlong
    }

    /// The longest line, in bytes without the newline.
    package let limit: Int
    private var partial: [UInt8] = []
    private var isDiscarding = false

    package init(limit: Int) { self.limit = limit }

    /// The number of bytes held for an incomplete line; never more than `limit`.
    package var pendingBytes: Int { partial.count }

    /// Takes the next bytes, and passes each line that they complete to `body`, in order.
    package mutating func process(_ bytes: some Collection<UInt8>, _ body: (Item) throws -> Void) rethrows {
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            if let item = take(rest[..<newline]) { try body(item) }
            rest = rest[rest.index(after: newline)...]
            if isDiscarding {
                isDiscarding = false
            } else if let line = completed() {
                try body(line)
            }
        }
        if let item = take(rest) { try body(item) }
    }

    /// Ends the input, and returns the last line if it has no newline.
    package mutating func finish() -> Item? {
        defer { isDiscarding = false }
        return completed()
    }

    private mutating func take(_ bytes: some Collection<UInt8>) -> Item? {
        if isDiscarding { return nil }
        guard bytes.count <= limit - partial.count else {
            partial = []
            isDiscarding = true
            return .overlong
        }
        partial.append(contentsOf: bytes)
        return nil
    }

    private mutating func completed() -> Item? {
        defer { partial.removeAll(keepingCapacity: partial.capacity <= 4096) }
        let isBlank = partial.allSatisfy {
            $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t")
        }
        return isBlank ? nil : .line(partial)
    }
}
