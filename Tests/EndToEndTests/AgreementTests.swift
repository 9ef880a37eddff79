// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// The daemon and genrelab compute the same probabilities for each window.
    @Suite(.timeLimit(.minutes(5))) struct AgreementTests {
        struct Classified: Decodable {
            struct Window: Decodable {
                var position: Double
                var probabilities: [String: Double]
            }
            var windows: [Window]
        }

        /// Classifies each window of a file with genrelab.
        func laboratory(_ path: String) throws -> [Classified.Window] {
            let output = try Programs.run(Programs.built("genrelab"), ["classify", "--json", "--windows", path])
            return try JSONDecoder().decode(Classified.self, from: Data(output.utf8)).windows
        }

        /// The largest difference between the probabilities of a label.
        func difference(_ a: [String: Double], _ b: [String: Double]) -> Double {
            Set(a.keys).union(b.keys).map { abs((a[$0] ?? 9) - (b[$0] ?? -9)) }.max() ?? 9
        }

        /// Pipes a file into a daemon and compares every window.
        func comparePiped(_ path: String) async throws {
            let expected = try laboratory(path)
            #expect(!expected.isEmpty)
            let folder = try TemporaryFolder()
            let fifo = folder.file("fifo")
            #expect(mkfifo(fifo, 0o600) == 0)
            let daemon = try RunningDaemon(sources: [("clip", "pipe:\(fifo)")])
            let client = try await daemon.client()
            _ = try client.subscribe(source: nil, events: [.estimate])
            let writer = try ChildProcess(shell: "exec cat '\(path)' > '\(fifo)'", in: folder.path)
            let last = try #require(expected.last)
            let estimates = try daemon.estimates(client, seconds: 20) { $0.position >= last.position - 1e-6 }
            #expect(await eventually(within: 20) { !writer.isRunning } && writer.status == 0)
            var compared = 0
            for window in expected {
                guard
                    let estimate = estimates.first(where: {
                        abs($0.position - window.position) < 1e-3 && $0.windowProbabilities != nil
                    })
                else {
                    Issue.record("no estimate at \(window.position) s of \(path)")
                    return
                }
                compared += 1
                let difference = difference(estimate.windowProbabilities ?? [:], window.probabilities)
                #expect(difference <= 1e-4, "at \(window.position) s of \(path)")
            }
            #expect(compared == expected.count)
        }

        @Test(.enabled(if: Music.canRender && Programs.has("ffmpeg")))
        func `a composed clip through a pipe gives the same windows as genrelab`() async throws {
            let clip = try Music.converted(
                Music.composed("jazz"), ["-ar", "22050", "-ac", "1", "-c:a", "pcm_f32le"], suffix: "22050.wav")
            try await comparePiped(clip)
        }

        @Test(
            .enabled(if: Music.recordings != nil && Programs.has("ffmpeg")),
            arguments: ["blues", "classical", "hiphop", "metal", "reggae"])
        func `a recording through a pipe gives the same windows as genrelab`(genre: String) async throws {
            let folder = "\(Music.recordings ?? "")/gtzan/\(genre)"
            let track = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).min())
            let clip = try Music.converted(
                "\(folder)/\(track)", ["-ar", "22050", "-ac", "1", "-c:a", "pcm_f32le"], suffix: "22050.wav")
            try await comparePiped(clip)
        }

        /// Plays a 48 kHz file into a real PulseAudio server, and finds where on the daemon's grid of frames it starts.
        ///
        /// The start is unknown: silence of varying length is put before the file until genrelab's windows fit best.
        func compareThroughPulse(_ clip: String) async throws {
            let server = try SoundServer()
            let daemon = try RunningDaemon(sources: [("radio", "pulse:radio.monitor")], environment: server.environment)
            let client = try await daemon.client()
            _ = try client.subscribe(source: nil, events: [.estimate])
            _ = try daemon.estimates(client, seconds: 5) { $0.position > 1 }
            let player = try server.play(clip)
            defer { player.end() }
            let estimates = try daemon.estimates(client, seconds: 20).filter { $0.windowProbabilities != nil }
            try #require(estimates.count > 42, "\(daemon.log)")
            let ffmpeg = Programs.find("ffmpeg") ?? "ffmpeg"
            let folder = try TemporaryFolder()
            /// The largest difference over ten seconds, if the clip starts `silence` samples after a step of the grid.
            func fit(_ silence: Int) throws -> Double {
                let path = folder.file("shifted.wav")
                try Programs.run(
                    ffmpeg,
                    [
                        "-nostdin", "-y", "-v", "error", "-i", clip, "-af", "adelay=\(silence)S:all=1", "-t", "16",
                        "-c:a", "pcm_f32le", path,
                    ])
                // Ten seconds of windows, without those that hold samples from before the clip.
                let expected = try laboratory(path).dropFirst(3).prefix(42).map(\.probabilities)
                return (0..<max(1, estimates.count - expected.count)).map { start in
                    zip(estimates[start...], expected).map { difference($0.windowProbabilities ?? [:], $1) }.max() ?? 9
                }.min() ?? 9
            }
            var (best, worst) = (0, 9.0)
            // A step is 0.24 s: 11 520 samples at 48 kHz.
            for (span, stride) in [(5760, 480), (480, 96), (96, 16)] {
                let center = best + (worst == 9 ? 5760 : 0)
                for silence in Swift.stride(from: max(0, center - span), through: center + span, by: stride) {
                    let fitted = try fit(silence)
                    if fitted < worst { (best, worst) = (silence, fitted) }
                }
            }
            #expect(worst <= 0.02, "\(clip): windows differ by \(worst) through PulseAudio")
        }

        @Test(.enabled(if: SoundServer.isInstalled && Music.canRender && Programs.has("ffmpeg")))
        func `a composed clip through PulseAudio gives the same windows as genrelab`() async throws {
            try await compareThroughPulse(Music.composed("jazz"))
        }

        @Test(
            .enabled(if: SoundServer.isInstalled && Music.recordings != nil && Programs.has("ffmpeg")),
            arguments: ["classical", "metal"])
        func `a recording through PulseAudio gives the same windows as genrelab`(genre: String) async throws {
            let folder = "\(Music.recordings ?? "")/gtzan/\(genre)"
            let track = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).min())
            try await compareThroughPulse(
                Music.converted(
                    "\(folder)/\(track)", ["-ar", "48000", "-ac", "2", "-c:a", "pcm_s16le"], suffix: "48000.wav"))
        }
    }
}
