/// Durations as one writes them: `250ms`, `1.5s`, `10 min`, `1h30m`, `90d`, or a bare number of seconds.
enum DurationText {
    /// The examples that messages show.
    static let examples = "a duration such as 30s, 10min, 1h or 90d"

    private static let units: [(names: [String], seconds: Double)] = [
        (["ms"], 0.001), (["s", "sec"], 1), (["min", "m"], 60), (["h"], 3600), (["d"], 86_400), (["w"], 604_800),
    ]

    /// Seconds, finite and not negative; nil for anything else.
    static func seconds(_ text: String) -> Double? {
        var rest = Substring(text.filter { $0 != " " })
        if let bare = number(&rest), rest.isEmpty { return bare }
        rest = Substring(text.filter { $0 != " " })
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            guard let count = number(&rest) else { return nil }
            let name = String(rest.prefix { $0.isASCII && $0.isLetter })
            guard let unit = units.first(where: { $0.names.contains(name) }) else { return nil }
            rest = rest.dropFirst(name.count)
            total += count * unit.seconds
        }
        return total.isFinite ? total : nil
    }

    /// Takes digits with at most one point off the beginning.
    private static func number(_ text: inout Substring) -> Double? {
        let digits = text.prefix { "0123456789.".contains($0) }
        guard let value = Double(digits), value.isFinite else { return nil }
        text = text.dropFirst(digits.count)
        return value
    }
}
