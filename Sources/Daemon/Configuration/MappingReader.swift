// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Yams

/// Collects the mistakes in a file while it is read.
final class ProblemCollector {
    private(set) var problems: [ConfigurationProblem] = []

    func report(_ message: String, at node: Node) {
        problems.append(ConfigurationProblem(place: node.place, message: message))
    }
}

/// Reads one mapping of the file key by key. A key that is never read is a mistake.
final class MappingReader {
    let problems: ProblemCollector
    /// The mapping's name for messages: `the file`, `socket`, …
    private let name: String
    /// The path of its keys, empty at the top.
    private let prefix: String
    private let entries: [(key: Node, value: Node)]
    private var known: [String] = []

    /// Returns nil and reports a mistake if the node is not a mapping.
    init?(_ node: Node, name: String, prefix: String, problems: ProblemCollector) {
        guard case .mapping(let mapping) = node else {
            problems.report("\(name) must be a mapping of keys to values, not \(node.kind)", at: node)
            return nil
        }
        self.name = name
        self.prefix = prefix
        self.problems = problems
        entries = mapping.map { ($0.key, $0.value) }
    }

    /// The value of a key; nil if the key is missing.
    func node(_ key: String) -> Node? {
        if !known.contains(key) { known.append(key) }
        return entries.first { $0.key.text == key }?.value
    }

    /// A key's path in messages, such as `socket.mode`.
    func path(_ key: String) -> String { prefix + key }

    func section(_ key: String) -> MappingReader? {
        node(key).flatMap { MappingReader($0, name: path(key), prefix: "\(path(key)).", problems: problems) }
    }

    /// Reads a text with `parse`; returns nil if the key is missing, and reports a mistake if `parse` returns nil.
    ///
    /// - Parameter expected: completes "`key` must be …".
    func value<Value>(_ key: String, _ expected: String, _ parse: (String) -> Value?) -> Value? {
        guard let node = node(key) else { return nil }
        guard let text = node.text, !node.isEmptyScalar else {
            problems.report("\(path(key)) must be \(expected), not \(node.kind)", at: node)
            return nil
        }
        guard let value = parse(text) else {
            problems.report("\(path(key)) must be \(expected), not \(quoted(text))", at: node)
            return nil
        }
        return value
    }

    /// Reads a number in a range.
    ///
    /// - Parameter unit: is put after "a number" in messages, such as ` of decibels`.
    func number(_ key: String, in range: ClosedRange<Double>, unit: String = "") -> Double? {
        let expected = "a number\(unit) from \(plain(range.lowerBound)) to \(plain(range.upperBound))"
        return value(key, expected) { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Reports every key that was never read. Call it last.
    func finish() {
        for (key, _) in entries {
            guard let text = key.text else {
                problems.report("a key must be a word, not \(key.kind)", at: key)
                continue
            }
            if known.contains(text) { continue }
            let hint =
                nearest(to: text, among: known).map { "did you mean \(quoted($0))?" }
                ?? "\(name) has \(known.joined(separator: ", "))"
            problems.report("unknown key \(quoted(text)) in \(name); \(hint)", at: key)
        }
    }
}

extension Node {
    var place: ConfigurationPlace? { mark.map { ConfigurationPlace(line: $0.line, column: $0.column) } }

    /// The text of a scalar, quoted or not.
    var text: String? {
        if case .scalar(let scalar) = self { scalar.string } else { nil }
    }

    /// Whether this is `key:` with nothing after it, or an explicit null.
    var isEmptyScalar: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// A word for messages.
    var kind: String {
        switch self {
        case .scalar: isEmptyScalar ? "empty" : "a single value"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

/// Formats a number without a trailing `.0`.
func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
}

/// Finds the known word that a misspelt one is closest to; nil if none is close enough.
func nearest(to word: String, among known: [String]) -> String? {
    let word = word.lowercased()
    guard word.count <= 40 else { return nil }
    let distances = known.map { ($0, editDistance(word, $0)) }
    return distances.filter { $0.1 <= max(1, min(word.count, $0.0.count) / 3) }.min { $0.1 < $1.1 }?.0
}

/// The number of letters that have to be inserted, removed, replaced or swapped with their neighbour to turn one word
/// into the other (optimal string alignment).
private func editDistance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var rows = [Array(0...b.count)]
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var least = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
            row.append(least)
        }
        rows.append(row)
    }
    return rows[a.count][b.count]
}
