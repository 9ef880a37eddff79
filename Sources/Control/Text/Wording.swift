// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Numbers, times and states as people read them.
enum Wording {
    /// Of a probability: `82 %`.
    static func percent(_ share: Double) -> String {
        guard share.isFinite else { return "? %" }
        return "\(Int((min(max(share, 0), 1) * 100).rounded())) %"
    }

    /// `-18 dB`.
    static func level(_ level: Double?) -> String {
        guard let level, level.isFinite else { return "" }
        return "\(Int(max(level, -120).rounded())) dB"
    }

    /// `23.4 MB`.
    static func memory(_ bytes: Int) -> String { "\(decimal(Double(bytes) / 1e6, digits: 1)) MB" }

    /// With so many decimals and groups of three, as in `412 345` or `0.40`.
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

    static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

    /// A label or a state's name: `no-signal` reads `no signal`.
    static func label(_ label: String) -> String {
        EstimateState(rawValue: label) == nil ? label : String(label.map { $0 == "-" ? " " : $0 })
    }

    static func plural(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}
