// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Logging
import Streaming
import StrictYAML
import TestSupport
import Testing

@testable import genred

struct ConfigurationTests {
    private func parse(_ text: String) throws -> Configuration {
        try ConfigurationFile.parse(text, file: "/etc/g.yaml")
    }

    @Test func `an empty file means all defaults`() throws {
        for text in ["", "\n", "# nothing\n", "---\n", "{}", "~"] {
            var expected = Configuration()
            expected.file = "/etc/g.yaml"
            #expect(try parse(text) == expected, "\(text)")
        }
    }

    @Test func `every key is understood`() throws {
        let configuration = try parse(
            """
            sources:
              - name: radio
                uri: pulse:@DEFAULT_SOURCE@
              - {name: set.2, uri: "file:/music/set.flac?pace=fast"}
            socket: {path: /run/g.sock, mode: "0600", group: audio}
            model: models/mine.safetensors
            update: 0.48
            estimator:
              switch-rate: 0.1
              evidence-rate: 3
              sharpness: 0.5
              enter: 0.6
              leave: 0.2
              margin: 0.1
              silence-level: -50
              silence-after: 2s
            history: {path: /srv/h.sqlite, keep: 7d, limit: 50}
            log: {level: debug, summary: 10min}
            """)
        #expect(configuration.sources.map(\.name) == ["radio", "set.2"])
        #expect(configuration.sources.map(\.uri.description).last == "file:/music/set.flac?pace=fast")
        #expect(configuration.socket == SocketSettings(path: "/run/g.sock", mode: 0o600, group: "audio"))
        #expect(configuration.model == "/etc/models/mine.safetensors", "a relative path starts at the file's folder")
        #expect(configuration.update == 0.48)
        var estimator = EstimatorParameters()
        estimator.switchRate = 0.1
        estimator.evidenceRate = 3
        estimator.sharpness = 0.5
        estimator.enter = 0.6
        estimator.leave = 0.2
        estimator.margin = 0.1
        estimator.silenceLevel = -50
        estimator.silenceAfter = 2
        #expect(configuration.estimator == estimator)
        #expect(configuration.history.place == .file("/srv/h.sqlite"))
        #expect(configuration.history.keep == 604_800)
        #expect(configuration.history.limit == 50)
        #expect(configuration.log == Configuration.Log(level: .debug, summary: 600))
    }

    @Test func `the summary can be off, and the model can be default`() throws {
        #expect(try parse("log: {summary: off}").log.summary == nil)
        #expect(try parse("model: default").model == nil)
        #expect(try parse("update: 480ms").update == 0.48)
    }

    @Test(arguments: [
        ("sorces: []", #"1:1: unknown key "sorces" in the file; did you mean "sources"?"#),
        (
            "colour: red",
            #"1:1: unknown key "colour" in the file; the file has sources, socket, model, update, estimator, history, log"#
        ),
        ("log:\n  levl: info", #"2:3: unknown key "levl" in log; did you mean "level"?"#),
        ("- a\n- b", "1:1: the file must be a mapping of keys to values, not a list"),
        ("hello", "1:1: the file must be a mapping of keys to values, not a single value"),
        ("socket: /run/x", "1:9: socket must be a mapping of keys to values, not a single value"),
        ("socket:", "1:8: socket must be a mapping of keys to values, not empty"),
        ("socket: {mode: 999}", #"1:16: socket.mode must be octal digits such as "0660", not "999""#),
        ("socket: {mode: 420rw}", #"1:16: socket.mode must be octal digits such as "0660", not "420rw""#),
        ("socket: {path: s.sock}", #"1:16: socket.path must be an absolute path of at most 103 bytes, not "s.sock""#),
        ("update: fast", #"1:9: update must be seconds between estimates, such as 0.24, not "fast""#),
        ("update: [1, 2]", "1:9: update must be seconds between estimates, such as 0.24, not a list"),
        ("update:", "1:8: update must be seconds between estimates, such as 0.24, not empty"),
        ("update: -1", #"1:9: update must be seconds between estimates, such as 0.24, not "-1""#),
        ("estimator: {enter: 2}", #"1:20: estimator.enter must be a number from 0.01 to 1, not "2""#),
        ("estimator: {enter: nan}", #"1:20: estimator.enter must be a number from 0.01 to 1, not "nan""#),
        (
            "estimator:\n  enter: 0.3\n  leave: 0.4",
            "3:10: estimator.leave (0.4) must not be greater than estimator.enter (0.3)"
        ),
        (
            "estimator: {silence-after: 1h}",
            #"1:28: estimator.silence-after must be a duration from 0.1 s to 10 min, not "1h""#
        ),
        (
            "history: {keep: soon}",
            #"1:17: history.keep must be a duration such as 30s, 10min, 1h or 90d, at least 1s, not "soon""#
        ),
        (
            "history: {path: h.sqlite}",
            #"1:17: history.path must be an absolute path, or none to keep it in memory, not "h.sqlite""#
        ),
        (
            "history: {limit: 1.5}",
            #"1:18: history.limit must be a whole number of changes per source, 1 to 1000000, not "1.5""#
        ),
        (
            "log: {level: loud}",
            #"1:14: log.level must be one of trace, debug, info, notice, warning, error, critical, not "loud""#
        ),
        ("sources: pulse:x", "1:10: sources must be a list, each with a name and a uri, not a single value"),
        ("sources: []", "1:10: sources is empty; remove it to use the default source"),
        ("sources: [{name: a}]", "1:11: a source needs a uri"),
        ("sources:\n  - uri: pipe:-", "2:5: a source needs a name"),
        (
            "sources: [{name: a b, uri: 'pipe:-'}]",
            #"1:18: name must be 1 to 64 of a-z, A-Z, 0-9, dots, dashes and underscores, not "a b""#
        ),
        (
            "sources: [{name: a, url: 'pipe:-'}]",
            #"1:11: a source needs a uri; 1:21: unknown key "url" in a source; did you mean "uri"?"#
        ),
        (
            "sources:\n  - {name: a, uri: 'alsa:x'}\n  - {name: a, uri: 'alsa:y'}",
            #"3:5: two sources are called "a"; each needs a name of its own"#
        ),
        (
            "sources:\n  - {name: a, uri: 'pipe:-'}\n  - {name: b, uri: 'pipe:-'}",
            #"3:20: only one source can read standard input, and "a" already does"#
        ),
        ("a: 1\na: 2", #"1:1: the key "a" appears twice"#),
        ("update: 1\nupdate: 2", #"1:1: the key "update" appears twice"#),
        ("log: {level: info", "2:1: not YAML: while parsing a flow mapping, did not find expected ',' or '}'"),
        ("\tlog: x", "1:1: not YAML: while scanning for the next token, found character that cannot start any token"),
        ("? [a, b]\n: 1", "1:3: a key must be a word, not a list"),
        ("a: *b", "1:4: not YAML: found undefined alias"),
        (
            "---\nlog: {}\n---\nlog: {}",
            "3:1: not YAML: expected a single document in the stream, but found another document"
        ),
    ])
    func `every mistake is reported with its place and what was expected`(text: String, message: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try parse(text) }
        let expected = message.components(separatedBy: "; 1:").enumerated()
            .map { "/etc/g.yaml:" + ($0.offset == 0 ? "" : "1:") + $0.element }
        #expect(error.lines == expected)
    }

    @Test func `all mistakes in a file are reported at once, in its order`() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try parse("log: {level: loud}\nupdate: never\nmodle: x\nsources:\n  - {name: '', uri: nowhere}")
        }
        #expect(error.problems.map { $0.place?.line } == [1, 2, 3, 5, 5])
    }

    @Test func `a bomb of YAML aliases is refused in little time`() throws {
        var text = "a: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "b\(level): &a\(level) [\(aliases)]\n"
        }
        let start = ContinuousClock.now
        for bomb in [text, text + "? *a12\n: x\n", text.replacing("[", with: "\"#\" : [")] {
            let error = try #require(throws: ConfigurationError.self) { try parse(bomb) }
            #expect(error.lines == ["/etc/g.yaml: more than 8 aliases (*name); write the values out"])
        }
        // The worst that the allowed number of aliases can do.
        var worst = "a: &a0 [\(Array(repeating: "x", count: 100_000).joined(separator: ","))]\n"
        worst += "b: &a1 [*a0, *a0, *a0]\nc: &a2 [*a1, *a1, *a1]\n? [*a2, *a2]\n: x\n"
        #expect(throws: ConfigurationError.self) { try parse(worst) }
        #expect(start.duration(to: .now) < .seconds(10))
    }

    @Test func `endless nesting is refused`() {
        for text in [
            String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 50_000),
            String(repeating: "- ", count: 50_000), String(repeating: "? ", count: 50_000),
        ] {
            #expect(throws: ConfigurationError.self) { try parse(text) }
        }
    }

    @Test func `an overlong file is refused`() {
        #expect(throws: ConfigurationError.self) { try parse(String(repeating: "# comment\n", count: 200_000)) }
    }

    @Test func `too many sources are refused`() throws {
        let lines = (0...4000).map { "  - {name: s\($0), uri: 'alsa:x'}" }
        let error = try #require(throws: ConfigurationError.self) {
            try parse("sources:\n" + lines.joined(separator: "\n"))
        }
        #expect(error.lines == ["/etc/g.yaml:2:3: 4001 sources; at most 4000 are allowed"])
    }

    @Test func `mutated files are read or refused, and never crash`() {
        let seeds = [
            "sources:\n  - name: radio\n    uri: pulse:@DEFAULT_SOURCE@\nsocket: {path: /run/g.sock, mode: \"0600\"}\n",
            "model: default\nupdate: 0.48\nestimator:\n  enter: 0.6\n  leave: 0.2\nhistory: {keep: 7d, limit: 50}\n",
            "log: &l {level: debug, summary: 10min}\nx: *l\n? - a\n: |\n  text\n",
        ].map { Array($0.utf8) }
        let pieces = [
            "\n", ": ", "- ", "{", "}", "[", "]", "&a ", "*a", "? ", "|", ">", "\"", "'", "#", "!!int ", "\t", "---",
            "\u{0}", "é", "~", "<<: *a",
        ]
        var generator = SplitMix(state: 7)
        var refused = 0
        for _ in 0..<4000 {
            var bytes = seeds.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0...bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.insert(contentsOf: Array(pieces.randomElement(using: &generator)!.utf8), at: place)
                case 1 where place < bytes.count: bytes.remove(at: place)
                case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                default: bytes.insert(contentsOf: bytes[..<min(place, 20)], at: place)
                }
            }
            do { _ = try parse(String(decoding: bytes, as: UTF8.self)) } catch { refused += 1 }
        }
        #expect(refused > 1000)
    }

    @Test func `the shipped configuration has every key, with its default`() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("config/genred.yaml").path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let shipped = try ConfigurationFile.parse(text, file: path)
        var defaults = Configuration()
        defaults.file = path
        #expect(shipped == defaults, "the shipped file changes nothing")
        // A # followed by no space, or by two or more, hides a key; before prose there is one space.
        let keys = text.split(separator: "\n").filter { $0.wholeMatch(of: /#(  )*(- )?[a-z-]+:.*/) != nil }
        let full = try ConfigurationFile.parse(keys.map { $0.dropFirst() }.joined(separator: "\n"), file: path)
        #expect(full.sources.count == 2)
        #expect(full.socket == SocketSettings(path: "/run/genred/genred.sock", mode: 0o660, group: "genred"))
        #expect(full.update == 0.24)
        #expect(full.history.place == .file("/var/lib/genred/history.sqlite"))
        #expect(full.history.keep == defaults.history.keep)
        #expect(full.history.limit == defaults.history.limit)
        #expect(full.log == defaults.log)
        #expect(full.model == nil)
        #expect(full.estimator == defaults.estimator)
        #expect(Set(keys.compactMap { $0.firstMatch(of: /([a-z-]+):/)?.1 }).count == 24)
    }
}
