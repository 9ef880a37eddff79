// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// Stations: two FIFOs, and a writer that genred must not trust.
    @Suite(.timeLimit(.minutes(2))) struct StationTests {
        let folder: TemporaryFolder
        var audio: String { folder.file("jazz.wav") }
        var notes: String { folder.file("jazz.notes") }
        var uri: String { "station:jazz?folder=\(folder.path)" }

        init() throws {
            folder = try TemporaryFolder()
            signal(SIGPIPE, SIG_IGN)
        }

        private func makeFIFOs() throws {
            for path in [audio, notes] { try #require(mkfifo(path, 0o600) == 0) }
        }

        private func removeFIFOs() { for path in [audio, notes] { unlink(path) } }

        @Test func `a station is awaited, heard, lost and heard again, and its notes are seen`() async throws {
            let daemon = try RunningDaemon(sources: [("radio", uri)])
            let client = try await daemon.client()
            func source() throws -> SourceStatus { try daemon.source("radio", client) }
            let tone = RawAudio.quietTone(seconds: 4)
            var heard = 0.0
            for round in 1...2 {
                let isAwaited = try await eventually {
                    try source().message == "no \(audio) yet (genred-station makes it: is it running?)"
                }
                #expect(isAwaited, "\(daemon.log)")
                #expect(try source().state == .waiting)
                #expect(try source().kind == "station")
                try makeFIFOs()
                let (sound, said) = (try await PipeWriter(audio), try await PipeWriter(notes))
                said.write(
                    Array("{\"state\": \"connecting\"}\n{\"state\": \"playing\"}\n{\"title\": \"So What\"}\n".utf8))
                sound.write(RawAudio.header(dataBytes: .max) + tone)
                let isHeard = try await eventually { try source().audioSeconds > heard + 3.5 }
                #expect(isHeard, "round \(round): \(daemon.log)")
                heard = try source().audioSeconds
                let isTitled = try await eventually { try client.current().first?.title == "So What" }
                #expect(isTitled, "\(daemon.log)")
                #expect(try source().station == StationStatus(state: .playing))
                #expect(try source().message == nil)
                said.write(Array(#"{"state": "reconnecting", "detail": "404 Not Found, next try in 8 s"}"#.utf8) + [10])
                let text = "reconnecting: 404 Not Found, next try in 8 s"
                let isLost = try await eventually {
                    let source = try source()
                    return source.message == text && source.title == nil
                }
                #expect(isLost, "\(daemon.log)")
                let shown = try Programs.run(Programs.built("genrectl"), ["--socket", daemon.socket, "sources"])
                #expect(shown.contains("radio: \(text)"), "\(shown)")
                #expect(try await eventually { try client.current().first?.state == .noSignal })
                removeFIFOs()
            }
            let lines = daemon.log.split(separator: "\n").filter { $0.contains("the station") }
            #expect(lines.count { $0.contains("the station is lost: 404") } == 2, "\(daemon.log)")
            #expect(!daemon.log.contains("cannot be opened"))
        }

        @Test func `a daemon that restarts does not end the station, and knows at once what it does`() async throws {
            try makeFIFOs()
            // A writer that goes on whenever somebody reads.
            _ = try folder.write(RawAudio.header(dataBytes: .max) + RawAudio.quietTone(seconds: 2), to: "tone")
            let script = """
                trap '' PIPE; while sleep 0.05; do
                    { echo '{"state": "playing", "detail": "128 kbit/s"}' >&4; cat tone >&3; sleep 0.2; } \
                        3> jazz.wav 4> jazz.notes
                done 2> /dev/null
                """
            let station = try ChildProcess(shell: script, in: folder.path)
            defer { station.end() }
            for _ in 1...3 {
                let daemon = try RunningDaemon(sources: [("radio", uri)])
                let client = try await daemon.client()
                #expect(try await daemon.isHeard("radio", client, within: 20), "\(daemon.log)")
                let isKnown = try await eventually {
                    try daemon.source("radio", client).station?.detail == "128 kbit/s"
                }
                #expect(isKnown, "\(daemon.log)")
                daemon.signal(SIGKILL)
                _ = await daemon.exit(within: 5)
            }
            #expect(station.isRunning)
        }

        @Test func `hostile notes neither fill the memory nor disturb the audio`() async throws {
            try makeFIFOs()
            let daemon = try RunningDaemon(sources: [("radio", uri)])
            let client = try await daemon.client()
            let sound = try await PipeWriter(audio)
            sound.write(RawAudio.header(dataBytes: .max))
            let tone = RawAudio.quietTone(seconds: 1)
            func flood(_ bytes: [UInt8]) async throws {
                let said = try await PipeWriter(notes)
                let ends = ContinuousClock.now + .seconds(1)
                await withCheckedContinuation { done in
                    Thread.detachNewThread {
                        while ContinuousClock.now < ends { said.write(bytes) }
                        done.resume()
                    }
                }
            }
            let kinds: [[UInt8]] = [
                [UInt8](repeating: 0x61, count: 1 << 20), [UInt8](repeating: 0, count: 1 << 18),
                (0..<10_000).flatMap { Array("{\"title\": \"\($0)\"}\n".utf8) },
                (0..<(1 << 18)).map { UInt8(truncatingIfNeeded: $0 &* 197 >> 3) },
                Array(String(repeating: "[", count: 4000).utf8) + [10],
                Array("{\"state\": \"asleep\"}\n{\"title\": \"\\u202e\\u0007x\"}\n".utf8),
            ]
            for bytes in kinds { try await flood(bytes) }
            let before = try daemon.memory
            var position = 0.0
            for bytes in kinds + kinds {
                try await flood(bytes)
                sound.write(tone)
                let last = position
                let isHeard = try await eventually(within: 20) {
                    try daemon.source("radio", client).position > last + 0.5
                }
                #expect(isHeard, "\(daemon.log)")
                position = try daemon.source("radio", client).position
            }
            let after = try daemon.memory
            #expect(after < before + 4 << 20, "\(before) to \(after) bytes")
            let ignored = try daemon.source("radio", client).station?.ignoredNotes ?? 0
            #expect(ignored > 100)
            #expect(daemon.log.count { $0 == "\n" } < 40, "\(daemon.log)")
            let said = try await PipeWriter(notes)
            said.write(Array("\n{\"title\": \"the end\"}\n".utf8))
            #expect(try await eventually { try client.current().first?.title == "the end" })
        }

        @Test func `a reload adds and removes stations, and an impossible name is refused with its place`() async throws
        {
            try makeFIFOs()
            let none = folder.file("none.fifo")
            try #require(mkfifo(none, 0o600) == 0)
            let first = "sources:\n  - {name: other, uri: 'pipe:\(none)'}\n"
            let config = try folder.write(first, to: "genred.yaml")
            let daemon = try RunningDaemon(sources: [], arguments: ["--config", config])
            let client = try await daemon.client()
            _ = try folder.write(first + "  - {name: radio, uri: '\(uri)'}\n", to: "genred.yaml")
            #expect(try client.reload() == ["source radio: added, \(uri)"])
            let sound = try await PipeWriter(audio)
            sound.write(RawAudio.header(dataBytes: .max) + RawAudio.quietTone(seconds: 4))
            // All of it may be heard before anybody asks for the first time.
            let isHeard = try await eventually(within: 20) { try daemon.source("radio", client).position > 0 }
            #expect(isHeard, "\(daemon.log)")
            _ = try folder.write(first, to: "genred.yaml")
            #expect(try client.reload() == ["source radio: removed"])
            #expect(await eventually { !sound.write(RawAudio.quietTone(seconds: 1)) })
            _ = try folder.write("sources:\n  - name: radio\n    uri: station:a/b\n", to: "genred.yaml")
            let refusal = try Programs.run(
                Programs.built("genred"), ["--check-config", "--config", config], status: 78)
            #expect(refusal.contains("genred.yaml:3:10: \"station:a/b\": \"a/b\" is no name for a station"))
        }
    }
}
