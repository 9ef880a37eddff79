// SPDX-License-Identifier: GPL-3.0-or-later

/// The samples of one metric in Prometheus' text format, version 0.0.4.
struct MetricFamily {
    enum Kind: String { case counter, gauge }

    let name: String
    private(set) var text: String
    private(set) var isEmpty = true

    /// - Parameter help: one line without a backslash.
    init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        text = "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// Appends a sample. A family must not get two samples with the same labels.
    mutating func append(_ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
        isEmpty = false
        text += name
        if !labels.isEmpty {
            text += "{"
            for (index, label) in labels.enumerated() {
                if index > 0 { text += "," }
                text += label.key
                text += "=\""
                text += Self.escaped(label.value)
                text += "\""
            }
            text += "}"
        }
        text += " "
        text += Self.number(value)
        text += "\n"
    }

    mutating func append(_ value: Int, _ labels: KeyValuePairs<String, String> = [:]) {
        append(Double(value), labels)
    }

    /// The value of a label may be any text; these three characters are escaped.
    static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") || $0 == 10 }) else {
            return value
        }
        var escaped = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
            case "\"": escaped.append(contentsOf: "\\\"".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }

    /// The shortest text that reads back as the same number.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value), abs(whole) < 1 << 53 { return String(whole) }
        return value.description
    }
}
