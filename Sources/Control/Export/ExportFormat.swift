// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import ControlProtocol

/// The formats of `genrectl history`.
enum ExportFormat: String, CaseIterable, ExpressibleByArgument {
    case text, csv, jsonl, audacity, jams
}

/// Writes spans in one format.
protocol SpanFormatter {
    /// What comes before the first span.
    mutating func begin() throws -> String
    /// The text of one span; empty if the format needs all of them first.
    mutating func process(_ span: Span) throws -> String
    /// What comes after the last span.
    mutating func finish() throws -> String
}

/// Seconds from the origin of the output, to the millisecond.
struct Seconds {
    let milliseconds: Int64

    init(from start: Timestamp, to end: Timestamp) { milliseconds = end.milliseconds - start.milliseconds }

    var value: Double { Double(milliseconds) / 1000 }

    /// Always with three decimals.
    var text: String {
        let (whole, rest) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
        let decimals = String(rest)
        let zeros = String(repeating: "0", count: 3 - decimals.count)
        return "\(milliseconds < 0 ? "-" : "")\(whole).\(zeros)\(decimals)"
    }
}
