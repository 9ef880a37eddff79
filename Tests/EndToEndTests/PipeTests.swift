// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// Pipes, FIFOs and files into the real daemon.
    @Suite(.timeLimit(.minutes(2))) struct PipeTests {
        /// A WAV file of sine chords, no music that anyone would label, in the format of ffmpeg's arguments.
        func tone(seconds: Int, _ arguments: [String], in folder: TemporaryFolder, name: String) throws -> String {
            let path = folder.file(name)
            try Programs.run(
                Programs.find("ffmpeg") ?? "ffmpeg",
                [
                    "-nostdin", "-y", "-loglevel", "error", "-f", "lavfi", "-i",
                    "sine=frequency=330:duration=\(seconds):sample_rate=48000",
                ]
                    + arguments + [path])
            return path
        }

        @Test(
            .enabled(if: Programs.has("ffmpeg")),
            arguments: [
                ["-c:a", "pcm_s16le", "-ar", "44100", "-ac", "2"], ["-c:a", "pcm_s24le", "-ar", "48000", "-ac", "1"],
                ["-c:a", "pcm_s32le", "-ar", "96000", "-ac", "2"], ["-c:a", "pcm_f32le", "-ar", "22050", "-ac", "6"],
            ])
        func aWAVOnStandardInputIsHeardToItsEnd(encoding: [String]) async throws {
            let folder = try TemporaryFolder()
            let path = try tone(seconds: 7, encoding, in: folder, name: "tone.wav")
            // As people type it: a shell's pipe, with a header that a streaming writer leaves open.
            let socket = folder.file("genred.sock")
            let output = try Programs.run(
                "/bin/sh",
                [
                    "-c",
                    "ffmpeg -nostdin -loglevel error -i '\(path)' \(encoding.joined(separator: " ")) -f wav - | '\(Programs.built("genred"))' --socket '\(socket)' --history none --source radio=pipe:-",
                ])
            #expect(output.contains("radio"))
            #expect(!FileManager.default.fileExists(atPath: socket))
        }

        @Test(.enabled(if: Programs.has("ffmpeg")), arguments: ["s16le", "s24le", "s32le", "f32le"])
        func rawSamplesAreHeardAsTheURISays(format: String) async throws {
            let folder = try TemporaryFolder()
            let path = try tone(seconds: 5, ["-f", format, "-ar", "32000", "-ac", "2"], in: folder, name: "raw")
            let daemon = try RunningDaemon(
                sources: [
                    ("radio", "pipe:-?rate=32000&channels=2&format=\(format)"), ("keep", "file:\(path)?pace=fast"),
                ],
                input: try #require(FileHandle(forReadingAtPath: path)))
            // The second source is not audio: its failure is told and touches nothing; all are over: the daemon ends.
            let status = await daemon.exit(within: 20)
            #expect(status == 0, "\(daemon.log)")
            #expect(daemon.log.contains("keep"))
        }

        @Test func rawSamplesWithoutAFormatAreRefusedNotGuessed() async throws {
            let daemon = try RunningDaemon(
                sources: [("radio", "pipe:-")], input: try #require(FileHandle(forReadingAtPath: "/dev/urandom")))
            let status = await daemon.exit(within: 10)
            #expect(status != nil && status != 0)
            #expect(daemon.log.contains("rate"))
        }

        @Test(.enabled(if: Programs.has("ffmpeg"))) func aFIFOOutlivesItsWriters() async throws {
            let folder = try TemporaryFolder()
            let fifo = folder.file("radio.fifo")
            #expect(mkfifo(fifo, 0o600) == 0)
            let first = try tone(
                seconds: 4, ["-c:a", "pcm_s16le", "-ar", "44100", "-ac", "2"], in: folder, name: "first.wav")
            let second = try tone(
                seconds: 4, ["-c:a", "pcm_f32le", "-ar", "48000", "-ac", "1"], in: folder, name: "second.wav")
            let daemon = try RunningDaemon(sources: [("radio", "pipe:\(fifo)")])
            let client = try await daemon.client()
            for (number, path) in [first, second, first].enumerated() {
                try Programs.run("/bin/sh", ["-c", "cat '\(path)' > '\(fifo)'"])
                let heard = try await eventually(within: 10) {
                    guard let source = try client.sources().first else { return false }
                    return source.format?.contains(number == 1 ? "48000" : "44100") == true && source.position > 3.7
                }
                #expect(heard, "writer \(number): \(daemon.log)")
            }
            // A writer that dies in the middle of a sample leaves nothing behind.
            try Programs.run("/bin/sh", ["-c", "head -c 100001 '\(second)' > '\(fifo)'"])
            try Programs.run("/bin/sh", ["-c", "cat '\(first)' > '\(fifo)'"])
            let again = try await eventually(within: 10) {
                let source = try client.sources().first
                return source?.format?.contains("44100") == true && (source?.position ?? 0) > 3.7
            }
            #expect(again, "\(daemon.log)")
            #expect(daemon.process.isRunning)
        }

        @Test(.enabled(if: Music.canRender)) func twentySourcesAreHeardAtOnceAndOneThatFailsTouchesNone() async throws {
            let files = try ["jazz", "metal", "classical", "disco"].map { try Music.composed($0) }
            var sources = (0..<20).map { ("station\($0)", "file:\(files[$0 % 4])?pace=fast&loop=true") }
            sources.append(("broken", "file:/nonexistent.flac"))
            let daemon = try RunningDaemon(sources: sources)
            let client = try await daemon.client()
            let allHeard = try await eventually(within: 30) {
                let estimates = try client.current()
                return estimates.filter { $0.source != "broken" && $0.position > 20 }.count == 20
            }
            #expect(allHeard, "\(daemon.log)")
            let states = try client.sources()
            #expect(states.filter { $0.state == .running && $0.dropped == 0 }.count == 20)
            #expect(states.first { $0.name == "broken" }?.lastError?.contains("/nonexistent.flac") == true)
            // All are stopped within a second.
            let stopping = ContinuousClock.now
            daemon.process.terminate()
            let status = await daemon.exit(within: 5)
            #expect(status == 0)
            #expect(ContinuousClock.now - stopping < .seconds(2))
        }
    }
}
