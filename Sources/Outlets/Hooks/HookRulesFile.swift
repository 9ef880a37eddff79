// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import StrictYAML
import Yams

/// Reads the hooks' file: a list of rules in YAML, in which everything unknown is a mistake.
struct HookRulesFile {
    /// Reads the rules, or throws every mistake in them.
    ///
    /// - Parameter path: the file's; relative paths in it begin at its folder.
    static func read(_ path: String, credentials: String? = nil) throws(ConfigurationError) -> [HookRule] {
        try parse(YAMLText.read(path), file: path, credentials: credentials)
    }

    static func parse(
        _ text: String, file: String, credentials: String? = nil
    ) throws(ConfigurationError) -> [HookRule] {
        let problems = ProblemCollector()
        let reader = HookRulesFile(files: HookFiles(beside: file, credentials: credentials), problems: problems)
        let rules = try YAMLText.compose(text, file: file).map(reader.rules) ?? []
        if problems.problems.isEmpty { return rules }
        throw ConfigurationError(file: file, problems: problems.problems)
    }

    private let files: HookFiles
    private let problems: ProblemCollector

    private func rules(_ root: Node) -> [HookRule] {
        guard case .sequence(let elements) = root else {
            problems.report(
                "the file must be a list of rules, each beginning with \"- name:\", not \(root.kind)", at: root)
            return []
        }
        guard elements.count <= HookRule.most else {
            problems.report("\(elements.count) rules; at most \(HookRule.most) are allowed", at: root)
            return []
        }
        var rules: [HookRule] = []
        for element in elements {
            guard let rule = rule(element) else { continue }
            if rules.contains(where: { $0.name == rule.name }) {
                problems.report("two rules are called \(quoted(rule.name)); each needs a name of its own", at: element)
            }
            rules.append(rule)
        }
        return rules
    }

    private func rule(_ node: Node) -> HookRule? {
        guard let reader = MappingReader(node, name: "a rule", prefix: "", problems: problems) else { return nil }
        let name = reader.value("name", "1 to 64 letters, digits, dots, dashes and underscores") { text in
            Self.isName(text) ? text : nil
        }
        let condition = condition(reader, node)
        let maxAge = reader.value("max-age", "\(DurationText.examples), at most 90d") { text in
            DurationText.seconds(text).flatMap { $0 <= 90 * 86_400 ? $0 : nil }
        }
        let action = action(reader, node)
        reader.finish()
        if reader.node("name") == nil { problems.report("a rule needs a name", at: node) }
        guard let name, let condition, let action else { return nil }
        return HookRule(
            name: name, condition: condition, maxAge: maxAge ?? HookRule.usualMaxAge, action: action)
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789.-_".unicodeScalars.contains($0))
            }
    }

    // MARK: Conditions

    private func condition(_ reader: MappingReader, _ node: Node) -> HookCondition? {
        var condition = HookCondition()
        let labels = words(reader, "on", "a label or a list of labels, such as [silence, no-signal], or any")
        if reader.node("on") == nil {
            problems.report(
                "a rule needs on: a label or a list of labels, such as [silence, no-signal], or any", at: node)
        }
        if let labels, labels.contains("any") {
            if labels.count > 1, let place = reader.node("on") {
                problems.report("on has any, which stands for every label; remove the others", at: place)
            }
        } else {
            condition.labels = labels
        }
        condition.duration = duration(reader, "for") ?? 0
        condition.cooldown = duration(reader, "cooldown") ?? 0
        condition.back = duration(reader, "back")
        if condition.back != nil, labels?.contains("any") == true, let place = reader.node("back") {
            problems.report("back needs labels in on: any label is always there", at: place)
        }
        let sources = words(reader, "source", "the name of a source, a list of names, or all")
        if let sources, sources != ["all"] { condition.sources = sources }
        return labels == nil ? nil : condition
    }

    private func duration(_ reader: MappingReader, _ key: String) -> Double? {
        reader.value(key, "\(DurationText.examples), at most 7d") { text in
            DurationText.seconds(text).flatMap { $0 <= 7 * 86_400 ? $0 : nil }
        }
    }

    /// Reads one word or a list of them; nil if the key is missing or anything is wrong with it.
    private func words(_ reader: MappingReader, _ key: String, _ expected: String) -> [String]? {
        guard let node = reader.node(key) else { return nil }
        let nodes: [Node]
        switch node {
        case .sequence(let elements): nodes = Array(elements)
        default: nodes = [node]
        }
        if nodes.isEmpty { problems.report("\(key) must be \(expected), not an empty list", at: node) }
        guard nodes.count <= 1000 else {
            problems.report("\(key) has \(nodes.count) words; at most 1000 are allowed", at: node)
            return nil
        }
        var words: [String] = []
        for element in nodes {
            guard let text = element.text, !element.isEmptyScalar else {
                problems.report("\(key) must be \(expected), not \(element.kind)", at: element)
                continue
            }
            guard text.utf8.count <= 64, printable(text) == text, text.trimmed == text, !text.isEmpty else {
                problems.report("\(key) must be \(expected), not \(quoted(text))", at: element)
                continue
            }
            if words.contains(text) { problems.report("\(quoted(text)) is twice in \(key)", at: element) }
            words.append(text)
        }
        return words.count == nodes.count && !words.isEmpty ? words : nil
    }

    // MARK: Actions

    private func action(_ reader: MappingReader, _ node: Node) -> HookAction? {
        let webhook = WebhookReader(reader: reader, files: files).webhook()
        let program = ProgramReader(reader: reader).program()
        let given = ["url", "url-file", "run"].filter { reader.node($0) != nil }
        switch given.count {
        case 0: problems.report("a rule needs url: (a webhook), url-file: or run: (a command)", at: node)
        case 1: break
        default:
            problems.report("a rule has one action, not \(given.joined(separator: " and ")); write two rules", at: node)
        }
        let others = given.first == "run" ? WebhookReader.options : given.isEmpty ? [] : ProgramReader.options
        for key in others {
            guard let place = reader.node(key) else { continue }
            problems.report("\(key) does not go with \(given[0])", at: place)
        }
        return webhook.map(HookAction.webhook) ?? program.map(HookAction.command)
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
