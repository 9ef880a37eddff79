// SPDX-License-Identifier: GPL-3.0-or-later

/// Reads Prometheus' text format, by its grammar and not by how genred writes it.
struct Exposition {
    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Malformed: Error { var line: String }

    private(set) var samples: [Sample] = []
    private(set) var types: [String: String] = [:]
    private(set) var helps: [String: String] = [:]
    /// The names of the metrics, in the order of their types.
    private(set) var order: [String] = []

    init(_ text: String) throws {
        guard text.unicodeScalars.last == "\n" else { throw Malformed(line: "no newline at the end") }
        for line in text.unicodeScalars.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            try read(line)
        }
    }

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private mutating func read(_ line: Substring.UnicodeScalarView) throws {
        let malformed = Malformed(line: String(line))
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        if words.first == "#" {
            guard words.count == 4 else { throw malformed }
            switch words[1] {
            case "HELP":
                guard helps.updateValue(words[3], forKey: words[2]) == nil else { throw malformed }
            case "TYPE":
                guard types.updateValue(words[3], forKey: words[2]) == nil else { throw malformed }
                order.append(words[2])
            default: throw malformed
            }
            return
        }
        var rest = line
        let name = Self.name(&rest)
        // A sample follows the type of its own metric, with none of another between.
        guard !name.isEmpty, order.last == name else { throw malformed }
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest.removeFirst()
            while rest.first != "}" {
                let key = Self.name(&rest)
                guard !key.isEmpty, rest.starts(with: "=\"".unicodeScalars) else { throw malformed }
                rest.removeFirst(2)
                guard let value = Self.value(&rest), labels.updateValue(value, forKey: key) == nil else {
                    throw malformed
                }
                if rest.first == "," { rest.removeFirst() }
            }
            rest.removeFirst()
        }
        guard rest.popFirst() == " ", let value = Double(String(rest)) else { throw malformed }
        guard self.value(name, labels) == nil else { throw malformed }
        samples.append(Sample(name: name, labels: labels, value: value))
    }

    private static func name(_ rest: inout Substring.UnicodeScalarView) -> String {
        let name = rest.prefix { $0 == "_" || ($0.isASCII && $0.properties.isAlphabetic) }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    /// The value of a label up to its quotation mark, which is removed too; nil without one.
    private static func value(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var value = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return String(value)
            case "\\":
                switch rest.popFirst() {
                case "n": value.append("\n")
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                default: return nil
                }
            default: value.append(scalar)
            }
        }
        return nil
    }
}
