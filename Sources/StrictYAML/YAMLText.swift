// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Yams

/// Text of a configuration file: YAML, within bounds that any real file keeps.
package enum YAMLText {
    /// The most bytes. A thousand sources need a tenth of them.
    package static let longest = 1 << 20
    /// The most aliases. Few, because each can stand for several copies of the one before it.
    static let mostAliases = 8

    /// Reads the text of a configuration file.
    package static func read(_ path: String) throws(ConfigurationError) -> String {
        func failure(_ what: String) -> ConfigurationError {
            ConfigurationError(file: nil, "cannot read the configuration \(path): \(what)")
        }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try readWholeFile(path, limit: longest)
        } catch {
            throw failure(error.message)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("not UTF-8 text") }
        return text
    }

    /// Parses YAML; nil for an empty file.
    ///
    /// - Parameter file: its path, for messages.
    package static func compose(_ text: String, file: String) throws(ConfigurationError) -> Node? {
        guard text.utf8.count <= longest else {
            throw ConfigurationError(file: file, "\(text.utf8.count) bytes long; the limit is \(longest)")
        }
        guard aliases(in: text) <= mostAliases else {
            throw ConfigurationError(file: file, "more than \(mostAliases) aliases (*name); write the values out")
        }
        do {
            // The key decides what type a value has. Yams's default resolver guesses it, with regular expressions whose
            // engine takes 2 MB.
            let root = try Yams.compose(yaml: text, .basic)
            if let root, root.isEmptyScalar { return nil }
            return root
        } catch let error as YamlError {
            throw ConfigurationError(file: file, problems: [problem(error)])
        } catch {
            throw ConfigurationError(file: file, "not YAML: \(error)")
        }
    }

    /// Counts the aliases, and perhaps more: a star at the beginning of a word in a comment counts, too, unless the whole
    /// line is a comment.
    private static func aliases(in text: String) -> Int {
        var count = 0
        for line in text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            let line = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if line.first == UInt8(ascii: "#") { continue }
            var previous = UInt8(ascii: " ")
            for byte in line {
                if byte == UInt8(ascii: "*"), " \t[]{},:?-\"'".utf8.contains(previous) { count += 1 }
                previous = byte
            }
        }
        return count
    }

    private static func problem(_ error: YamlError) -> ConfigurationProblem {
        func at(_ mark: Mark, _ message: String) -> ConfigurationProblem {
            ConfigurationProblem(place: ConfigurationPlace(line: mark.line, column: mark.column), message: message)
        }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let situation = context.map { "\($0.text.trimmingSpaces), " } ?? ""
            return at(mark, "not YAML: \(situation)\(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map(quoted).joined(separator: ", ")
            return at(context.mark, "the key \(names) appears twice")
        case .reader(let problem, _, _, _): return ConfigurationProblem(message: "not YAML: \(problem)")
        default: return ConfigurationProblem(message: "not YAML: \(error)")
        }
    }
}

extension String {
    fileprivate var trimmingSpaces: Substring {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
