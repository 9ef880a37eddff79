import ControlProtocol

/// Numbers, times and states as people read them.
enum Wording {
    /// `0.7 s`, `3 s`, `4 min 05 s`, `2 h 03 min`, `5 d 6 h`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds > 0 else { return "0 s" }
        if seconds < 0.95 { return "\(decimal(seconds, digits: 1)) s" }
        let total = Int(min(seconds, 1e12).rounded(seconds < 1 ? .up : .down))
        if total < 60 { return "\(total) s" }
        if total < 3600 { return "\(total / 60) min \(twoDigits(total % 60)) s" }
        if total < 86_400 { return "\(total / 3600) h \(twoDigits(total / 60 % 60)) min" }
        return "\(total / 86_400) d \(total / 3600 % 24) h"
    }

    /// `45 s`, `12 min`, `3 h`, `5 d`: the largest unit alone.
    static func briefDuration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds > 0 else { return "0 s" }
        let total = Int(min(seconds, 1e12))
        if total < 60 { return "\(total) s" }
        if total < 3600 { return "\(total / 60) min" }
        return total < 86_400 ? "\(total / 3600) h" : "\(total / 86_400) d"
    }

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
