// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Glibc
import Logging
import Streaming
import StrictYAML
import Yams

/// Reads the configuration file: YAML, in which everything unknown is a mistake.
enum ConfigurationFile {
    /// Reads a configuration, or throws every mistake in it.
    ///
    /// - Parameter file: its path, for messages and for relative paths in it.
    static func parse(_ text: String, file: String) throws(ConfigurationError) -> Configuration {
        let problems = ProblemCollector()
        var configuration = Configuration()
        configuration.file = file
        if let root = try YAMLText.compose(text, file: file) {
            read(root, into: &configuration, problems)
        }
        if problems.problems.isEmpty { return configuration }
        throw ConfigurationError(file: file, problems: problems.problems)
    }

    private static func read(_ root: Node, into configuration: inout Configuration, _ problems: ProblemCollector) {
        guard let top = MappingReader(root, name: "the file", prefix: "", problems: problems) else { return }
        for key in ["sources", "socket", "model", "update"] {
            configuration.places[key] = top.node(key)?.place
        }
        readSources(top, into: &configuration)
        readSocket(top, into: &configuration)
        configuration.model = readModel(top, beside: configuration.file)
        configuration.update = top.value("update", "seconds between estimates, such as 0.24") { text in
            DurationText.seconds(text).flatMap { (0.001...3600).contains($0) ? $0 : nil }
        }
        readEstimator(top, into: &configuration)
        readHistory(top, into: &configuration)
        readLog(top, into: &configuration)
        top.finish()
    }

    private static func readSources(_ top: MappingReader, into configuration: inout Configuration) {
        guard let list = top.node("sources") else { return }
        guard case .sequence(let elements) = list else {
            top.problems.report("sources must be a list, each with a name and a uri, not \(list.kind)", at: list)
            return
        }
        if elements.isEmpty { top.problems.report("sources is empty; remove it to use the default source", at: list) }
        guard elements.count <= Configuration.mostSources else {
            let most = Configuration.mostSources
            top.problems.report("\(elements.count) sources; at most \(most) are allowed", at: list)
            return
        }
        var exclusive: [String: String] = [:]
        for element in elements {
            guard let reader = MappingReader(element, name: "a source", prefix: "", problems: top.problems) else {
                continue
            }
            let name = reader.value("name", SourceName.rule, SourceName.init(_:))?.text
            let uriNode = reader.node("uri")
            let uri = uriNode.flatMap { self.uri($0, top.problems) }
            reader.finish()
            for (key, isThere) in [("name", reader.node("name") != nil), ("uri", uriNode != nil)] where !isThere {
                top.problems.report("a source needs a \(key)", at: element)
            }
            guard let name, let uri else { continue }
            if configuration.sources.contains(where: { $0.name == name }) {
                top.problems.report("two sources are called \(quoted(name)); each needs a name of its own", at: element)
            }
            if let resource = uri.exclusiveResource {
                if let other = exclusive[resource] {
                    let message = "only one source can read \(resource), and \(quoted(other)) already does"
                    top.problems.report(message, at: uriNode ?? element)
                }
                exclusive[resource] = name
            }
            configuration.sources.append(Configuration.Source(name: name, uri: uri))
        }
    }

    private static func uri(_ node: Node, _ problems: ProblemCollector) -> SourceURI? {
        guard let text = node.text, !node.isEmptyScalar else {
            problems.report("uri must be a source such as pulse:@DEFAULT_SOURCE@, not \(node.kind)", at: node)
            return nil
        }
        do throws(CaptureError) {
            return try SourceURI(parsing: text)
        } catch {
            problems.report(error.message, at: node)
            return nil
        }
    }

    private static func readSocket(_ top: MappingReader, into configuration: inout Configuration) {
        guard let section = top.section("socket") else { return }
        let longest = ControlSocket.longestPath
        configuration.socket.path = section.value("path", "an absolute path of at most \(longest) bytes") { path in
            path.hasPrefix("/") && path.utf8.count <= longest ? path : nil
        }
        configuration.places["socket.group"] = section.node("group")?.place
        if let mode = section.value("mode", #"octal digits such as "0660""#, fileMode) {
            configuration.socket.mode = mode
        }
        configuration.socket.group = section.value("group", "the name of a group") { $0.isEmpty ? nil : $0 }
        section.finish()
    }

    /// Parses a file's permissions: three or four octal digits.
    private static func fileMode(_ text: String) -> mode_t? {
        let digits = text.hasPrefix("0o") ? text.dropFirst(2) : Substring(text)
        guard (3...4).contains(digits.count), let mode = mode_t(digits, radix: 8), mode <= 0o777 else { return nil }
        return mode
    }

    private static func readModel(_ top: MappingReader, beside file: String?) -> String? {
        let text = top.value("model", "default or the path of a model file") { $0.isEmpty ? nil : $0 }
        guard let text, text != "default" else { return nil }
        if text.hasPrefix("/") { return text }
        // A relative path starts at the file's folder, wherever the daemon was started.
        let folder = file.flatMap { path in path.lastIndex(of: "/").map { path[...$0] } } ?? ""
        return folder + text
    }

    private static func readEstimator(_ top: MappingReader, into configuration: inout Configuration) {
        guard let section = top.section("estimator") else { return }
        let defaults = EstimatorParameters()
        var parameters = defaults
        parameters.switchRate =
            section.number("switch-rate", in: 0...10, unit: " of changes per second") ?? defaults.switchRate
        parameters.evidenceRate =
            section.number("evidence-rate", in: 0.001...100, unit: " of observations per second")
            ?? defaults.evidenceRate
        parameters.sharpness = section.number("sharpness", in: 0.01...10) ?? defaults.sharpness
        parameters.enter = section.number("enter", in: 0.01...1) ?? defaults.enter
        parameters.leave = section.number("leave", in: 0...1) ?? defaults.leave
        parameters.margin = section.number("margin", in: 0...0.9) ?? defaults.margin
        parameters.silenceLevel =
            section.number("silence-level", in: -120...0, unit: " of decibels") ?? defaults.silenceLevel
        let after = section.value("silence-after", "a duration from 0.1 s to 10 min") { text in
            DurationText.seconds(text).flatMap { (0.1...600).contains($0) ? $0 : nil }
        }
        parameters.silenceAfter = after ?? defaults.silenceAfter
        section.finish()
        if parameters.leave > parameters.enter, let node = section.node("leave") ?? section.node("enter") {
            section.problems.report(
                "estimator.leave (\(NumberText.plain(parameters.leave))) must not be greater than estimator.enter"
                    + " (\(NumberText.plain(parameters.enter)))", at: node)
        } else if let problem = parameters.problem, section.problems.problems.isEmpty, let node = top.node("estimator")
        {
            section.problems.report("estimator: \(problem)", at: node)
        }
        configuration.estimator = parameters
    }

    private static func readHistory(_ top: MappingReader, into configuration: inout Configuration) {
        guard let section = top.section("history") else { return }
        configuration.places["history.path"] = section.node("path")?.place
        let place = section.value("path", Configuration.History.Place.rule, Configuration.History.Place.init(_:))
        if let place { configuration.history.place = place }
        let keep = section.value("keep", "\(DurationText.examples), at least 1s") { text in
            DurationText.seconds(text).flatMap { (1...3.2e9).contains($0) ? $0 : nil }
        }
        if let keep { configuration.history.keep = keep }
        let limit = section.value("limit", "a whole number of changes per source, 1 to 1000000") { text in
            Int(text).flatMap { (1...1_000_000).contains($0) ? $0 : nil }
        }
        if let limit { configuration.history.limit = limit }
        section.finish()
    }

    private static func readLog(_ top: MappingReader, into configuration: inout Configuration) {
        guard let section = top.section("log") else { return }
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        if let level = section.value("level", "one of \(levels)", Logger.Level.init(rawValue:)) {
            configuration.log.level = level
        }
        let summary = section.value("summary", "\(DurationText.examples), at least 1s, or off") { text -> Double?? in
            if ["off", "never", "no", "false"].contains(text) { return .some(nil) }
            return DurationText.seconds(text).flatMap { (1...3.2e9).contains($0) ? .some($0) : nil }
        }
        if let summary { configuration.log.summary = summary }
        section.finish()
    }
}
