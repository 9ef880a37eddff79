// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing
import Yams

@testable import genred

/// Tests that config/genred.schema.json agrees with the reader of the configuration.
struct SchemaTests {
    private let schema: JSONSchema

    init() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../config/genred.schema.json")
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: path))
        schema = JSONSchema(root: try #require(object as? [String: Any]))
    }

    /// The reader's error for a file, or nil.
    private func refusal(_ text: String) -> String? {
        do {
            _ = try ConfigurationFile.parse(text, file: "/etc/g.yaml")
            return nil
        } catch {
            return error.description
        }
    }

    /// A file that has only the key at `path`.
    private func file(_ path: String, _ value: String) -> String {
        switch path {
        case "sources[].name": return "sources: [{name: \(value), uri: 'alsa:x'}]"
        case "sources[].uri": return "sources: [{name: a, uri: \(value)}]"
        default:
            let keys = path.split(separator: ".")
            return keys.count == 1 ? "\(path): \(value)" : "\(keys[0]): {\(keys[1]): \(value)}"
        }
    }

    @Test func `the schema has exactly the keys of the reader`() throws {
        let properties = schema.properties()
        let sections = [
            "": "the file", "socket.": "socket", "estimator.": "estimator", "history.": "history", "log.": "log",
        ]
        for (prefix, name) in sections {
            let text = prefix.isEmpty ? "zzzzzzzzzzzz: 1" : "\(prefix.dropLast()): {zzzzzzzzzzzz: 1}"
            let message = try #require(refusal(text))
            let known = try #require(
                message.components(separatedBy: "\(name) has ").last?.components(separatedBy: ", "))
            let described = properties.keys.filter { key in
                key.hasPrefix(prefix) && !key.dropFirst(prefix.count).contains(".")
            }
            #expect(Set(described.map { String($0.dropFirst(prefix.count)) }) == Set(known), "\(name)")
        }
        #expect(properties.keys.filter { $0.hasPrefix("sources[].") }.sorted() == ["sources[].name", "sources[].uri"])
        for (path, property) in properties { #expect(property["description"] is String, "\(path) says what it is") }
    }

    @Test func `each default in the schema is that of the program`() throws {
        var count = 0
        for (path, property) in schema.properties() {
            guard let value = property["default"] else { continue }
            count += 1
            let text = value is String ? "'\(value)'" : "\(value)"
            let written = try ConfigurationFile.parse(file(path, text), file: "/etc/g.yaml")
            #expect(try schema.problem(in: file(path, text)) == nil, "\(path)")
            var expected = Configuration()
            expected.file = "/etc/g.yaml"
            switch path {
            // These depend on where genred runs, or on the model.
            case "socket.path": #expect(written.socket.path == "/run/genred/genred.sock")
            case "history.path": #expect(written.history.place == .file("/var/lib/genred/history.sqlite"))
            case "update": #expect(written.update == 0.24)
            default: #expect(written == expected, "\(path)")
            }
        }
        #expect(count == 17)
    }

    @Test func `each bound in the schema is that of the program`() throws {
        var count = 0
        for (path, property) in schema.properties() {
            let options = [property] + (property["anyOf"] as? [[String: Any]] ?? [])
            let isWhole = property["type"] as? String == "integer"
            for option in options {
                for (keyword, outward) in [("minimum", -1.0), ("maximum", 1.0)] {
                    guard let bound = option[keyword] as? Double else { continue }
                    count += 1
                    func text(_ value: Double) -> String { isWhole ? "\(Int(value))" : "\(value)" }
                    let beyond = bound + outward * (isWhole ? 1 : max(1e-5, abs(bound) * 1e-3))
                    // leave must not be greater than enter.
                    let base = path == "estimator.leave" ? "estimator: {enter: 1, leave: " : nil
                    for (value, isFine) in [(bound, true), (beyond, false)] {
                        let yaml = base.map { "\($0)\(text(value))}" } ?? file(path, text(value))
                        var said = refusal(yaml)
                        if path == "estimator.enter" { said = refusal("estimator: {leave: 0, enter: \(text(value))}") }
                        #expect((said == nil) == isFine, "\(path) \(value): \(said ?? "taken")")
                        #expect((try schema.problem(in: yaml) == nil) == isFine, "\(path) \(value)")
                    }
                }
            }
        }
        #expect(count == 24)
    }

    /// Values that both can check: no numbers in quotes, no mode without quotes, no durations beyond their bounds, which
    /// a schema cannot express.
    private static let values: [String: [String]] = [
        "sources[].name": ["a", "radio.2", "'a b'", "''", "[a]", "é", String(repeating: "x", count: 65)],
        "sources[].uri": [
            "'alsa:hw:0'", "'pulse:@DEFAULT_SOURCE@'", "'pipe:-'", "'station:a'", "'http://x'", "'alsa:'", "{}", "5x",
        ],
        "socket.path": ["/run/x", "x", "''", "[]", "/\(String(repeating: "y", count: 110))"],
        "socket.mode": ["'0660'", "'660'", "'0o600'", "'0888'", "'66'", "rw", "'01777'"],
        "socket.group": ["audio", "''", "{a: b}"],
        "model": ["default", "/m.safetensors", "m.safetensors", "''", "[]"],
        "update": ["0.24", "1", "0", "-1", "240ms", "fast", "'1 s'", "~", "{}"],
        "estimator.enter": ["0.3", "0", "1", "1.1", "high", "[]"],
        "estimator.evidence-rate": ["1", "0", "1000", "x"],
        "estimator.silence-level": ["-50", "1", "-200"],
        "estimator.silence-after": ["2s", "0.5", "0", "1.5 s", "soon", "1000", "1min30s"],
        "history.path": ["/h.sqlite", "none", "h.sqlite", "/h/", "''", "[]"],
        "history.keep": ["90d", "1h30m", "5", "0", "30 minutes", "1e3d", ".5h", "5.", "1..5s", "12w 3d"],
        "history.limit": ["1", "1000000", "0", "1.5", "many", "1000001"],
        "log.level": ["info", "loud", "''"],
        "log.summary": ["1h", "off", "never", "false", "no", "yes", "0", "60"],
        "log.zzz": ["1"], "colour": ["red"], "sources": ["[]", "x", "[{name: a}]", "[{uri: 'pipe:-'}]", "{}"],
        "socket": ["[]", "x", "{}"],
    ]

    @Test func `schema and reader agree on each value`() throws {
        for (path, values) in Self.values {
            for value in values {
                let yaml = file(path, value)
                let (said, problem) = (refusal(yaml), try schema.problem(in: yaml))
                #expect((said == nil) == (problem == nil), "\(yaml): \(said ?? "taken"); \(problem ?? "taken")")
            }
        }
    }

    @Test func `schema and reader agree on random configurations`() throws {
        var generator = SplitMix(state: 11)
        var taken = 0
        for _ in 0..<2000 {
            var sections: [String: [String]] = [:]
            var lines: [String] = []
            for (path, values) in Self.values.sorted(by: { $0.key < $1.key })
            where path.contains(".") && !path.hasPrefix("sources") && Int.random(in: 0..<4, using: &generator) == 0 {
                // A valid value comes first in each list. It is preferred, so that enough of the files are valid.
                let keys = path.split(separator: ".", maxSplits: 1)
                let value = Bool.random(using: &generator) ? values[0] : values.randomElement(using: &generator)!
                sections[String(keys[0]), default: []].append("  \(keys[1]): \(value)")
            }
            for (name, keys) in sections.sorted(by: { $0.key < $1.key }) { lines += ["\(name):"] + keys }
            if Bool.random(using: &generator) {
                lines.append("sources:")
                for index in 0...Int.random(in: 0...3, using: &generator) {
                    let uri = Self.values["sources[].uri"]!.prefix(2).randomElement(using: &generator)!
                    lines += ["- name: s\(index)", "  uri: \(uri)"]
                }
            }
            let yaml = lines.joined(separator: "\n")
            let (said, problem) = (refusal(yaml), yaml.isEmpty ? nil : try schema.problem(in: yaml))
            // A schema cannot express rules about two keys.
            if said?.contains("must not be greater") == true || said?.contains("can read") == true { continue }
            #expect((said == nil) == (problem == nil), "\(yaml): \(said ?? "taken"); \(problem ?? "taken")")
            if said == nil { taken += 1 }
        }
        #expect((200..<1800).contains(taken))
    }

    @Test func `the shipped file is valid by its schema, and names it for editors`() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../config/genred.yaml")
        let text = try String(contentsOf: path, encoding: .utf8)
        #expect(text.hasPrefix("# yaml-language-server: $schema=/usr/share/genred/genred.schema.json\n"))
        let keys = text.split(separator: "\n").filter { $0.wholeMatch(of: /#(  )*(- )?[a-z-]+:.*/) != nil }
        #expect(try schema.problem(in: keys.map { $0.dropFirst() }.joined(separator: "\n")) == nil)
    }
}
