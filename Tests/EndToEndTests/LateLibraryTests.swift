// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// Libraries that are loaded when a source needs them, and are not there then.
    @Suite(.timeLimit(.minutes(2))) struct LateLibraryTests {
        let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        /// The environment of a daemon that finds a file of this name, which is no library, before the library.
        private func hiding(_ library: String) throws -> [String: String] {
            _ = try folder.write(String(repeating: "no library. ", count: 100), to: library)
            return ["LD_LIBRARY_PATH": folder.path]
        }

        @Test(.enabled(if: SoundServer.isInstalled))
        func `without libpulse a source says so, and is heard as soon as it is installed`() async throws {
            let server = try SoundServer()
            let daemon = try RunningDaemon(
                sources: [("radio", "pulse:radio.monitor")],
                environment: server.environment.merging(try hiding("libpulse.so.0")) { $1 })
            let isReported = await eventually(within: 10) {
                daemon.log.contains("PulseAudio's client library cannot be loaded")
            }
            #expect(isReported && daemon.log.contains("install it"), "\(daemon.log)")
            try FileManager.default.removeItem(atPath: folder.file("libpulse.so.0"))
            let isBack = await eventually(within: 20) { daemon.log.contains("back after") }
            #expect(isBack, "\(daemon.log)")
        }

        @Test(.enabled(if: Programs.has("ffmpeg"), "ffmpeg is not installed"))
        func `without libsndfile a file is heard through ffmpeg`() async throws {
            let song = try folder.writeWAV([Float](repeating: 0.1, count: 5 * 48_000), rate: 48_000, to: "song.wav")
            let daemon = try RunningDaemon(
                sources: [("song", "file:\(song)?pace=fast")], environment: try hiding("libsndfile.so.1"))
            let hasEnded = await eventually(within: 10) { daemon.log.contains("song: ended after 5 s") }
            #expect(hasEnded, "\(daemon.log)")
        }

        @Test func `without libsoxr a source whose rate needs it fails, and the others go on`() async throws {
            let song = try folder.writeWAV([Float](repeating: 0.1, count: 5 * 44_056), rate: 44_056, to: "song.wav")
            try Programs.run("/usr/bin/env", ["mkfifo", folder.file("fifo")])
            let daemon = try RunningDaemon(
                sources: [
                    ("song", "file:\(song)?pace=fast"),
                    ("radio", "pipe:\(folder.file("fifo"))?rate=48000&channels=2&format=s16le"),
                ],
                environment: try hiding("libsoxr.so.0"))
            let client = try await daemon.client()
            let hasFailed = await eventually(within: 10) {
                daemon.log.contains("libsoxr, which resamples from 44056 Hz, cannot be loaded")
            }
            #expect(hasFailed, "\(daemon.log)")
            _ = try client.subscribe(events: [.estimate])
            let writer = try await PipeWriter(folder.file("fifo"))
            writer.write(RawAudio.quietTone(seconds: 5, rate: 48_000))
            let estimates = try daemon.estimates(client, seconds: 10) { $0.source == "radio" && $0.position > 3.5 }
            #expect(!estimates.isEmpty, "\(daemon.log)")
        }
    }
}
