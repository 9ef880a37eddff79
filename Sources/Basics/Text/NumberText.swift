// SPDX-License-Identifier: GPL-3.0-or-later

/// Formats numbers for people.
package enum NumberText {
    /// Formats a share of 0 to 1, such as `82 %`; values outside are clamped.
    package static func percent(_ share: Double) -> String {
        guard share.isFinite else { return "? %" }
        return "\(Int((min(max(share, 0), 1) * 100).rounded())) %"
    }

    /// Formats a number with its noun, such as `1 source` or `3 sources`.
    ///
    /// - Parameter noun: The singular of a noun whose plural ends in `s`.
    package static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }

    /// Pads with a zero: `07`, `12`, `123`.
    package static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

    /// Formats a number without a trailing `.0`.
    package static func plain(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
    }
}
