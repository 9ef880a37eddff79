// SPDX-License-Identifier: GPL-3.0-or-later

/// Cuts a stream of bytes into lines, with bounded memory however long a line claims to be.
///
/// Lines of nothing but white space are skipped. A line over the limit is reported once, as soon as that is known,
/// and discarded up to its newline.
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

    package init(limit: Int = ControlLimits.requestBytes) { self.limit = limit }

    /// Bytes held for a line that is not complete yet; never more than `limit`.
    package var pendingBytes: Int { partial.count }

    /// Takes the next bytes of the stream and hands over, in order, every line that they complete.
    package mutating func append(_ bytes: some Collection<UInt8>, _ body: (Item) throws -> Void) rethrows {
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

    /// At the end of the stream: the last line, if it came without a newline.
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
