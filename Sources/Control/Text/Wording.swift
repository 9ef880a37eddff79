// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Formats levels, sizes, numbers and labels for people.
enum Wording {
    /// Formats a level, such as `-18 dB`; empty for nil.
    static func level(_ level: Double?) -> String {
        guard let level, level.isFinite else { return "" }
        return "\(Int(max(level, -120).rounded())) dB"
    }

    /// Formats bytes, such as `23.4 MB`.
    static func memory(_ bytes: Int) -> String { "\(decimal(Double(bytes) / 1e6, digits: 1)) MB" }

    /// Formats a number in groups of three digits with a fixed number of decimals, such as `412 345` or `0.40`.
    static func decimal(_ value: Double, digits: Int = 0) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "?" }
        let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        var whole = String(scaled / scale)
        var groups: [String] = []
        while whole.count > 3 {
            groups.insert(String(whole.suffix(3)), at: 0)
            whole.removeLast(3)
        }
        groups.insert(whole, at: 0)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        let number = sign + groups.joined(separator: " ")
        if digits == 0 { return number }
        let fraction = String(scaled % scale)
        return number + "." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    /// Formats a label. The names of states are written with spaces: `no-signal` becomes `no signal`.
    static func label(_ label: String) -> String {
        EstimateState(rawValue: label) == nil ? label : String(label.map { $0 == "-" ? " " : $0 })
    }
}
