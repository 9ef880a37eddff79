// SPDX-License-Identifier: GPL-3.0-or-later

/// Writes the notification of an estimate at a tenth of the cost of `JSON.line`, with the same bytes. The daemon writes
/// this line four times a second for each source, and every other line rarely.
struct EstimateLine {
    private var bytes: [UInt8] = []

    /// Returns nil where `JSON.line` must write the line or refuse it: for text with control characters, and for
    /// numbers that are not finite.
    static func write(_ estimate: Estimate) -> [UInt8]? {
        var line = EstimateLine()
        line.bytes.reserveCapacity(1024)
        return line.put(estimate) ? line.bytes : nil
    }

    /// Appends the line, with its keys in alphabetical order; false when that is not possible.
    private mutating func put(_ estimate: Estimate) -> Bool {
        write(#"{"jsonrpc":"2.0","method":"estimate","params":{"alternatives":["#)
        for (number, label) in estimate.alternatives.enumerated() {
            if number > 0 { write(",") }
            guard put(label) else { return false }
        }
        write(#"],"confidence":"#)
        guard put(estimate.confidence) else { return false }
        write(#","genre":"#)
        guard put(estimate.genre) else { return false }
        write(#","label":"#)
        guard put(estimate.label) else { return false }
        write(#","level":"#)
        guard put(estimate.level) else { return false }
        write(#","position":"#)
        guard put(estimate.position) else { return false }
        write(#","probabilities":"#)
        guard put(estimate.probabilities) else { return false }
        write(#","since":"#)
        guard put(estimate.since) else { return false }
        write(#","source":"#)
        guard put(estimate.source) else { return false }
        write(#","state":"#)
        guard put(estimate.state.rawValue) else { return false }
        write(#","time":"#)
        guard put(estimate.time) else { return false }
        write(#","title":"#)
        guard put(estimate.title) else { return false }
        write(#","windowProbabilities":"#)
        guard put(estimate.windowProbabilities) else { return false }
        write("}}\n")
        return true
    }

    private mutating func write(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func put(_ text: String?) -> Bool {
        guard let text else {
            write("null")
            return true
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            guard byte >= 0x20 else { return false }
            // Titles often have quotation marks.
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
        return true
    }

    private mutating func put(_ number: Double?) -> Bool {
        guard let number else {
            write("null")
            return true
        }
        guard number.isFinite else { return false }
        bytes.append(contentsOf: number.description.utf8)
        // JSON.line writes whole numbers without decimals.
        if bytes.count > 2, bytes[bytes.count - 1] == UInt8(ascii: "0"), bytes[bytes.count - 2] == UInt8(ascii: ".") {
            bytes.removeLast(2)
        }
        return true
    }

    private mutating func put(_ numbers: [String: Double]?) -> Bool {
        guard let numbers else {
            write("null")
            return true
        }
        bytes.append(UInt8(ascii: "{"))
        for (key, number) in numbers.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
            guard put(key) else { return false }
            bytes.append(UInt8(ascii: ":"))
            guard put(number) else { return false }
        }
        bytes.append(UInt8(ascii: "}"))
        return true
    }
}
