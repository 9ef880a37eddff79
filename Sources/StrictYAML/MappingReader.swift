// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Yams

/// Collects the mistakes in a file while it is read.
package final class ProblemCollector {
    package private(set) var problems: [ConfigurationProblem] = []

    package init() {}

    package func report(_ message: String, at node: Node) {
        problems.append(ConfigurationProblem(place: node.place, message: message))
    }
}

/// Reads one mapping of the file key by key. A key that is never read is a mistake.
package final class MappingReader {
    package let problems: ProblemCollector
    /// The mapping's name for messages: `the file`, `socket`, …
    private let name: String
    /// The path of its keys, empty at the top.
    private let prefix: String
    private let entries: [(key: Node, value: Node)]
    private var known: [String] = []

    /// Returns nil and reports a mistake if the node is not a mapping.
    package init?(_ node: Node, name: String, prefix: String, problems: ProblemCollector) {
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
    package func node(_ key: String) -> Node? {
        if !known.contains(key) { known.append(key) }
        return entries.first { $0.key.text == key }?.value
    }

    /// A key's path in messages, such as `socket.mode`.
    package func path(_ key: String) -> String { prefix + key }

    package func section(_ key: String) -> MappingReader? {
        node(key).flatMap { MappingReader($0, name: path(key), prefix: "\(path(key)).", problems: problems) }
    }

    /// Reads a text with `parse`; returns nil if the key is missing, and reports a mistake if `parse` returns nil.
    ///
    /// - Parameter expected: completes "`key` must be …".
    package func value<Value>(_ key: String, _ expected: String, _ parse: (String) -> Value?) -> Value? {
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
    package func number(_ key: String, in range: ClosedRange<Double>, unit: String = "") -> Double? {
        let expected =
            "a number\(unit) from \(NumberText.plain(range.lowerBound)) to \(NumberText.plain(range.upperBound))"
        return value(key, expected) { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Reports every key that was never read. Call it last.
    package func finish() {
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
