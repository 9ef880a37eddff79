// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import TestSupport
import Testing

@testable import Training

struct TextFileTests {
    @Test func `a track list has one track a line`() throws {
        let text = "\u{FEFF}# held out\r\nblues/one\r\n\n  rock/two.wav \nrock/with space\n"
        let names = try TrackList.parse(Array(text.utf8), path: "x")
        #expect(names.map(\.description) == ["blues/one", "rock/two.wav", "rock/with space"])
    }

    @Test(arguments: [
        ("blues\n", ":1:"), ("a/b\na/b/c\n", ":2:"), ("a/b\n\na/b\n", ":3:"), ("../x\n", ":1:"), ("/x\n", ":1:"),
        ("a/\n", ":1:"),
    ])
    func `a line that is not a track is reported with its number`(text: String, place: String) {
        let error = #expect(throws: TrainingError.self) { try TrackList.parse(Array(text.utf8), path: "split.txt") }
        #expect(error?.message.contains("split.txt\(place)") == true)
    }

    @Test func `a groups file has groups and weights`() throws {
        let groups = try TrackGroups(parsing: Array("a/1\tx\na/2\tx\t0.5\n# c\nb/1\ty\t0\n".utf8), path: "g")
        #expect(groups.entries[TrackName(genre: "a", track: "1")] == .init(group: "x", weight: 1))
        #expect(groups.entries[TrackName(genre: "a", track: "2")]?.weight == 0.5)
        for bad in ["a/1\n", "a/1\t\n", "a/1\tx\t2\n", "a/1\tx\tnan\n", "a/1\tx\t1\tz\n", "a/1\tx\na/1\ty\n"] {
            #expect(throws: TrainingError.self) { try TrackGroups(parsing: Array(bad.utf8), path: "g") }
        }
    }

    @Test func `a configuration keeps defaults and refuses unknown keys and impossible values`() throws {
        func parse(_ text: String) throws -> TrainingConfiguration {
            try TrainingConfiguration(parsing: Array(text.utf8), path: "c.json")
        }
        var expected = TrainingConfiguration()
        expected.epochs = 3
        expected.augmentation.speed = 0.1
        #expect(try parse(#"{"epochs": 3, "augmentation": {"speed": 0.1}}"#) == expected)
        let bad: [(String, String)] = [
            (#"{"epoch": 3}"#, "unknown key 'epoch'"), (#"{"augmentation": {"sped": 1}}"#, "in 'augmentation'"),
            (#"{"epochs": "3"}"#, "'epochs' must be a whole number"), (#"{"epochs": 1.5}"#, "fraction"),
            (#"{"epochs": 0}"#, "epochs is 0"), (#"{"mixup": 2}"#, "mixup is 2"), ("[]", "must be an object"),
            ("{", "not JSON"), (#"{"augmentation": 3}"#, "'augmentation' must be an object"),
            (#"{"architecture": {"blocks": []}}"#, "architecture: 0 blocks"),
            (#"{"architecture": {"blocks": [{"channels": 8, "kernel": 3, "pool": 0}]}}"#, "pool 0"),
            (#"{"architecture": {"bands": 32}}"#, "unknown key 'bands' in an architecture"),
            (#"{"architecture": {"branches": [{"blocks": [], "bands": 32}]}}"#, "branch 0: 0 blocks2d"),
            (#"{"architecture": {"branches": []}}"#, "0 branches"),
            (#"{"teachers": [{"epochs": 3}]}"#, "lacks 'architecture'"),
            (#"{"teachers": [{"architecture": {"blocks": []}}]}"#, "teacher 1: architecture: 0 blocks"),
            (
                #"{"teachers": [{"architecture": {"blocks": [{"channels": 8, "kernel": 3, "pool": 2}]}, "epoch": 3}]}"#,
                "unknown key 'epoch' in a teacher"
            ),
        ]
        for (text, message) in bad {
            let error = #expect(throws: TrainingError.self) { try parse(text) }
            #expect(error?.message.contains(message) == true, "\(text): \(error?.message ?? "")")
        }
    }

    /// Foundation's reader crashes on JSON that is nested this deeply.
    @Test func `deeply nested JSON is refused`() throws {
        let folder = try TemporaryFolder()
        let brackets = Array(repeating: UInt8(ascii: "["), count: 513)
        try writeFile(brackets, to: folder.file("d.json"))
        #expect(throws: TrainingError.self) {
            _ = try ModelExchange.model(weights: folder.file("none"), description: folder.file("d.json"))
        }
        #expect(throws: TrainingError.self) {
            _ = try SearchSpace(parsing: brackets, path: "s", over: TrainingConfiguration())
        }
        #expect(throws: TrainingError.self) { _ = try TrainingConfiguration(parsing: brackets, path: "c") }
    }

    @Test func `damaged lists and configurations are read or refused, but never crash`() {
        let texts = [
            "blues/one\nrock/two\n", "a/1\tx\t0.5\nb/2\ty\n",
            #"{"epochs": 3, "architecture": {"blocks": [{"channels": 8, "kernel": 3, "pool": 2}]}, "augmentation": {"speed": 0.1}}"#,
        ]
        var generator = CounterGenerator(seed: 2, purpose: .sample)
        var (readable, refused) = ([0, 0, 0], [0, 0, 0])
        func count(_ parser: Int, _ parse: () throws -> Void) {
            do {
                try parse()
                readable[parser] += 1
            } catch {
                refused[parser] += 1
            }
        }
        for _ in 0..<4000 {
            var bytes = Array(texts[generator.index(texts.count)].utf8)
            for _ in 0..<generator.integer(1..<5) {
                bytes[generator.index(bytes.count)] = UInt8(truncatingIfNeeded: generator.next())
            }
            count(0) { _ = try TrackList.parse(bytes, path: "fuzz") }
            count(1) { _ = try TrackGroups(parsing: bytes, path: "fuzz") }
            count(2) { _ = try TrainingConfiguration(parsing: bytes, path: "fuzz") }
        }
        for parser in 0..<3 { #expect(readable[parser] > 0 && refused[parser] > 0) }
    }
}
