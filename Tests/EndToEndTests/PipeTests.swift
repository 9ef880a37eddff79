// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// Pipes, FIFOs and files as sources of the real daemon.
    @Suite(.timeLimit(.minutes(2))) struct PipeTests {
        /// Makes a file of a sine of -21 dB in every channel, in the format of ffmpeg's arguments.
        func tone(
            seconds: Int, channels: String = "stereo", _ arguments: [String], in folder: TemporaryFolder, name: String
        ) throws -> String {
            let path = folder.file(name)
            let count = ["mono": 1, "stereo": 2, "5.1": 6][channels] ?? 0
            let pan = "pan=\(channels)|" + (0..<count).map { "c\($0)=c0" }.joined(separator: "|")
            try Programs.run(
                Programs.find("ffmpeg") ?? "ffmpeg",
                [
                    "-nostdin", "-y", "-loglevel", "error", "-f", "lavfi", "-i",
                    "sine=frequency=330:duration=\(seconds):sample_rate=48000", "-af", pan,
                ]
                    + arguments + [path])
            return path
        }

        /// Runs a shell command whose output is the daemon's standard input, once the daemon is subscribed to, and returns
        /// the estimates of the source `radio` until the daemon ends.
        func estimates(
            ofPiped command: String, uri: String, others: [(String, String)] = []
        ) async throws -> (daemon: RunningDaemon, estimates: [Estimate]) {
            let pipe = Pipe()
            let daemon = try RunningDaemon(
                sources: [("radio", uri)] + others, input: pipe.fileHandleForReading)
            try pipe.fileHandleForReading.close()
            let client = try await daemon.client()
            _ = try client.subscribe(source: "radio", events: [.estimate])
            let writer = Process()
            writer.executableURL = URL(filePath: "/bin/sh")
            writer.arguments = ["-c", command]
            writer.standardOutput = pipe.fileHandleForWriting
            try writer.run()
            try pipe.fileHandleForWriting.close()
            let estimates = try daemon.estimates(client, seconds: 20)
            #expect(await daemon.exit(within: 20) == 0, "\(daemon.log)")
            return (daemon, estimates)
        }

        /// Expects `tone`, whole and at its level. Samples that are read in a wrong format have another length and level.
        func expectTone(seconds: Double, _ estimates: [Estimate], _ comment: Comment) {
            // The last estimate is made at the last whole hop of 0.06 s.
            let length = estimates.map(\.position).max() ?? 0
            #expect(seconds - 0.06 < length && length <= seconds, comment)
            let levels = estimates.compactMap(\.level)
            #expect(levels.count > 10 && levels.allSatisfy { -21.5 < $0 && $0 < -20.5 }, "\(levels) \(comment)")
        }

        @Test(
            .enabled(if: Programs.has("ffmpeg")),
            arguments: [
                (["-c:a", "pcm_s16le", "-ar", "44100"], "stereo", "S16 44100 Hz 2 channels"),
                (["-c:a", "pcm_s24le", "-ar", "48000"], "mono", "S24 48000 Hz 1 channel"),
                (["-c:a", "pcm_s32le", "-ar", "96000"], "stereo", "S32 96000 Hz 2 channels"),
                (["-c:a", "pcm_f32le", "-ar", "22050"], "5.1", "float 22050 Hz 6 channels"),
            ])
        func `a WAV on standard input is read to its end`(
            encoding: [String], channels: String, format: String
        ) async throws {
            let folder = try TemporaryFolder()
            let path = try tone(seconds: 7, channels: channels, encoding, in: folder, name: "tone.wav")
            // As people type it: with a header whose length a streaming writer leaves open.
            let command =
                "ffmpeg -nostdin -loglevel error -i '\(path)' \(encoding.joined(separator: " ")) -f wav -"
            let (daemon, estimates) = try await estimates(ofPiped: command, uri: "pipe:-")
            expectTone(seconds: 7, estimates, "\(daemon.log)")
            #expect(daemon.log.contains(format), "\(daemon.log)")
            #expect(!FileManager.default.fileExists(atPath: daemon.socket))
        }

        @Test(.enabled(if: Programs.has("ffmpeg")), arguments: ["s16le", "s24le", "s32le", "f32le"])
        func `raw samples are read in the URI's format`(format: String) async throws {
            let folder = try TemporaryFolder()
            let path = try tone(seconds: 5, ["-f", format, "-ar", "32000"], in: folder, name: "raw")
            // The other source is not audio: it fails and disturbs nothing. When both have ended, so does the daemon.
            let (daemon, estimates) = try await estimates(
                ofPiped: "cat '\(path)'", uri: "pipe:-?rate=32000&channels=2&format=\(format)",
                others: [("broken", "file:\(path)?pace=fast")])
            expectTone(seconds: 5, estimates, "\(daemon.log)")
            #expect(daemon.log.contains(/error broken: .*Format not recognised/), "\(daemon.log)")
        }

        @Test func `raw samples without a format are refused`() async throws {
            let daemon = try RunningDaemon(
                sources: [("radio", "pipe:-")], input: try #require(FileHandle(forReadingAtPath: "/dev/urandom")))
            let status = await daemon.exit(within: 10)
            #expect(status != nil && status != 0)
            #expect(daemon.log.contains(/error radio: .* no WAV header.* rate, channels, format/), "\(daemon.log)")
        }

        @Test(.enabled(if: Programs.has("ffmpeg"))) func `a FIFO outlives its writers`() async throws {
            let folder = try TemporaryFolder()
            let fifo = folder.file("radio.fifo")
            #expect(mkfifo(fifo, 0o600) == 0)
            let first = try tone(
                seconds: 4, ["-c:a", "pcm_s16le", "-ar", "44100"], in: folder, name: "first.wav")
            let second = try tone(
                seconds: 4, channels: "mono", ["-c:a", "pcm_f32le", "-ar", "48000"], in: folder, name: "second.wav")
            let daemon = try RunningDaemon(sources: [("radio", "pipe:\(fifo)")])
            let client = try await daemon.client()
            for (number, path) in [first, second, first].enumerated() {
                try Programs.run("/bin/sh", ["-c", "cat '\(path)' > '\(fifo)'"])
                let isHeard = try await eventually(within: 10) {
                    guard let source = try client.sources().first else { return false }
                    return source.format?.contains(number == 1 ? "48000" : "44100") == true && source.position > 3.7
                }
                #expect(isHeard, "writer \(number): \(daemon.log)")
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

        @Test(.enabled(if: Music.canRender)) func `twenty sources run at once, and one that fails disturbs none`()
            async throws
        {
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
            // Stopping them takes a moment.
            let stopping = ContinuousClock.now
            daemon.process.terminate()
            let status = await daemon.exit(within: 5)
            #expect(status == 0)
            #expect(ContinuousClock.now - stopping < .seconds(2))
        }
    }
}
