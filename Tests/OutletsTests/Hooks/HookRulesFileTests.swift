// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import StrictYAML
import TestSupport
import Testing

@testable import genred_outlet

struct HookRulesFileTests {
    private func parse(_ text: String) throws -> [HookRule] { try HookRulesFile.parse(text, file: "/nowhere/h.yaml") }

    @Test func `an empty file has no rules`() throws {
        for text in ["", "# nothing\n", "---\n", "[]"] { #expect(try parse(text) == []) }
    }

    @Test func `every key is understood`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("key\n", to: "secret")
        _ = try folder.write("  Bearer abc \n", to: "token")
        _ = try folder.write("", to: "ca.pem")
        let rules = try HookRulesFile.parse(
            """
            - name: a
              on: [silence, no-signal]
              for: 30s
              back: 5s
              cooldown: 10min
              source: [radio, studio]
              max-age: 1h
              url: https://example.org:8443/x?y=z
              secret-file: secret
              headers: {X-One: "1", Authorization: {file: token}}
              ca-file: ca.pem
            - {name: b, on: any, source: all, run: [/bin/sh, -c, 'exit 3', ''], timeout: 2s}
            - {name: c, on: jazz, url-file: address}
            """.replacingOccurrences(
                of: "address", with: try folder.write("http://[::1]:8123/api/webhook/id\n", to: "u")),
            file: folder.file("h.yaml"))
        #expect(
            rules.map(\.condition) == [
                HookCondition(
                    labels: ["silence", "no-signal"], duration: 30, cooldown: 600, back: 5,
                    sources: ["radio", "studio"]),
                HookCondition(), HookCondition(labels: ["jazz"]),
            ])
        #expect(rules.map(\.maxAge) == [3600, 600, 600])
        #expect(
            rules.map(\.action) == [
                .webhook(
                    Webhook(
                        url: "https://example.org:8443/x?y=z", shownURL: "https://example.org:8443",
                        secret: Array("key".utf8),
                        headers: [.init(name: "X-One", value: "1"), .init(name: "Authorization", value: "Bearer abc")],
                        authorities: folder.file("ca.pem"))),
                .command(HookProgram(arguments: ["/bin/sh", "-c", "exit 3", ""], timeout: 2)),
                .webhook(Webhook(url: "http://[::1]:8123/api/webhook/id", shownURL: "http://[::1]:8123")),
            ])
        let table = HookTable.lines(rules)
        #expect(table[1].hasPrefix("a     silence, no-signal  30 s  5 s   10 min 00 s  radio, studio"))
        #expect(table[1].hasSuffix("POST https://example.org:8443/…, signed"))
    }

    @Test func `a credential is found by its name`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("https://example.org/secret", to: "hook-address")
        let rules = try HookRulesFile.parse(
            "- {name: a, on: jazz, url-file: hook-address}", file: "/etc/genred/hooks.yaml", credentials: folder.path)
        guard case .webhook(let webhook) = rules[0].action else { return #expect(Bool(false)) }
        #expect(webhook.url == "https://example.org/secret")
    }

    @Test(arguments: [
        ("rules: []", #"1:1: the file must be a list of rules, each beginning with "- name:", not a mapping"#),
        ("- a", "1:3: a rule must be a mapping of keys to values, not a single value"),
        ("- {on: jazz, run: [/bin/true]}", "1:3: a rule needs a name"),
        (
            "- {name: a, run: [/bin/true]}",
            "1:3: a rule needs on: a label or a list of labels, such as [silence, no-signal], or any"
        ),
        ("- {name: a, on: jazz}", "1:3: a rule needs url: (a webhook), url-file: or run: (a command)"),
        (
            "- {name: a b, on: jazz, run: [/bin/true]}",
            #"1:10: name must be 1 to 64 letters, digits, dots, dashes and underscores, not "a b""#
        ),
        (
            "- {name: a, on: [], run: [/bin/true]}",
            "1:17: on must be a label or a list of labels, such as [silence, no-signal], or any, not an empty list"
        ),
        (
            "- {name: a, on: {x: y}, run: [/bin/true]}",
            "1:17: on must be a label or a list of labels, such as [silence, no-signal], or any, not a mapping"
        ),
        ("- {name: a, on: [jazz, jazz], run: [/bin/true]}", #"1:24: "jazz" is twice in on"#),
        (
            "- {name: a, on: [any, jazz], run: [/bin/true]}",
            "1:17: on has any, which stands for every label; remove the others"
        ),
        (
            "- {name: a, on: any, back: 1s, run: [/bin/true]}",
            "1:28: back needs labels in on: any label is always there"
        ),
        (
            "- {name: a, on: jazz, for: soon, run: [/bin/true]}",
            #"1:28: for must be a duration such as 30s, 10min, 1h or 90d, at most 7d, not "soon""#
        ),
        (
            "- {name: a, on: jazz, cooldown: 8d, run: [/bin/true]}",
            #"1:33: cooldown must be a duration such as 30s, 10min, 1h or 90d, at most 7d, not "8d""#
        ),
        (
            "- {name: a, on: jazz, max-age: 91d, run: [/bin/true]}",
            #"1:32: max-age must be a duration such as 30s, 10min, 1h or 90d, at most 90d, not "91d""#
        ),
        (
            "- {name: a, onn: jazz, on: jazz, run: [/bin/true]}",
            #"1:13: unknown key "onn" in a rule; did you mean "on"?"#
        ),
        (
            "- {name: a, on: jazz, run: /bin/true}",
            "1:28: run must be a list, the program's absolute path and its arguments, such as [/usr/bin/logger, silence], not a single value; no shell reads it"
        ),
        (
            "- {name: a, on: jazz, run: [true]}",
            #"1:29: run: "true" is not an absolute path; "command -v NAME" in a shell prints it"#
        ),
        (
            "- {name: a, on: jazz, run: [/bin/nothing-there]}",
            "1:29: run: /bin/nothing-there: No such file or directory"
        ),
        ("- {name: a, on: jazz, run: [/etc]}", "1:29: run: /etc is not a file"),
        ("- {name: a, on: jazz, run: [/bin/true, ~]}", "1:40: an argument of run must be a text, not empty"),
        (
            "- {name: a, on: jazz, run: [/bin/true], timeout: 1h}",
            #"1:50: timeout must be a duration from 0.1 s to 10 min, not "1h""#
        ),
        ("- {name: a, on: jazz, run: [/bin/true], headers: {}}", "1:50: headers does not go with run"),
        ("- {name: a, on: jazz, url: 'http://a/', timeout: 1s}", "1:50: timeout does not go with url"),
        (
            "- {name: a, on: jazz, url: 'http://a/', run: [/bin/true]}",
            "1:3: a rule has one action, not url and run; write two rules"
        ),
        ("- {name: a, on: jazz, url: 'ftp://secret/'}", #"1:28: url must begin with https:// or http://, not "ftp:""#),
        ("- {name: a, on: jazz, url: secret}", "1:28: url is not an address such as https://example.org/hook"),
        (
            "- {name: a, on: jazz, url: 'https://u:secret@a/'}",
            "1:28: url has a user or a password in it; send them in a header: headers: {Authorization: {file: PATH}}"
        ),
        (
            "- {name: a, on: jazz, url: 'https://a/ secret'}",
            "1:28: url must be ASCII without spaces; write other characters as %XX"
        ),
        ("- {name: a, on: jazz, url: 'https://a/#secret'}", "1:28: url has a #fragment, which is never sent"),
        (
            "- {name: a, on: jazz, url-file: none}",
            "1:33: url-file: cannot read /nowhere/none: No such file or directory"
        ),
        (
            "- {name: a, on: jazz, url: 'http://a/', secret-file: /dev/null}",
            "1:54: secret-file: cannot read /dev/null: not a regular file"
        ),
        (
            "- {name: a, on: jazz, url: 'http://a/', headers: {Host: secret}}",
            "1:51: genred sets the header Host itself"
        ),
        (
            "- {name: a, on: jazz, url: 'http://a/', headers: {X: \"secret\\r\\nY: 1\"}}",
            "1:54: headers.X must be one line of at most 4096 bytes"
        ),
        (
            "- {name: a, on: jazz, url: 'http://a/', headers: {X: {fil: a}}}",
            "1:54: headers.X must be a value, or {file: PATH}; 1:55: unknown key \"fil\" in headers.X; did you mean \"file\"?"
        ),
        ("- {name: a, on: jazz, url: 'http://a/', headers: {X: 1, x: 2}}", "1:57: the header x appears twice"),
        (
            "- {name: a, on: jazz, url: 'http://a/', ca-file: none}",
            "1:50: ca-file: cannot read /nowhere/none: No such file or directory"
        ),
        (
            "- {name: a, on: jazz, run: [/bin/true]}\n- {name: a, on: rock, run: [/bin/true]}",
            #"2:3: two rules are called "a"; each needs a name of its own"#
        ),
    ])
    func `every mistake is reported with its place, and shows no secret`(text: String, message: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try parse(text) }
        let expected = message.components(separatedBy: "; 1:").enumerated()
            .map { "/nowhere/h.yaml:" + ($0.offset == 0 ? "" : "1:") + $0.element }
        #expect(error.lines == expected)
        #expect(!error.description.contains("secret/") && !error.description.contains(":secret"))
    }

    @Test func `all mistakes are reported at once, in the file's order`() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try parse("- {name: '', on: [], for: x}\n- {name: b, on: jazz, url: x}\n- c")
        }
        #expect(error.problems.map { $0.place?.line } == [1, 1, 1, 1, 2, 3])
    }

    @Test func `mutated files are read or refused, and never crash`() {
        let seed = Array(
            """
            - name: a
              on: [silence, no-signal]
              for: 30s
              back: 5s
              url: https://example.org:8443/x?y=z
              headers: {X-One: "1", Authorization: {file: token}}
            - {name: b, on: any, run: [/bin/sh, -c, 'exit 3'], timeout: 2s}
            """.utf8)
        let pieces = [
            "\n", ": ", "- ", "{", "}", "[", "]", "&a ", "*a", "? ", "|", "\"", "'", "#", "!!int ", "\t", "\u{0}", "é",
            "~", "any",
        ]
        var generator = SplitMix(state: 3)
        var refused = 0
        for _ in 0..<3000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes.remove(at: place)
                case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                default: bytes.insert(contentsOf: pieces.randomElement(using: &generator)!.utf8, at: place)
                }
            }
            do { _ = try parse(String(decoding: bytes, as: UTF8.self)) } catch { refused += 1 }
        }
        #expect(refused > 1500)
    }
}
