// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// A real PulseAudio server, recorded through libpulse and through ALSA's plugins.
    @Suite(.enabled(if: SoundServer.isInstalled && Music.canRender), .timeLimit(.minutes(4)))
    struct SoundServerTests {
        /// The label of most estimates.
        func commonest(_ estimates: [Estimate]) -> String? {
            Dictionary(grouping: estimates.map(\.label)) { $0 }.max { $0.value.count < $1.value.count }?.key
        }

        func subscribed(_ daemon: RunningDaemon) async throws -> ControlClient {
            let client = try await daemon.client()
            _ = try client.subscribe(source: nil, events: [.estimate])
            return client
        }

        @Test func `the label follows the music`() async throws {
            let server = try SoundServer()
            let daemon = try RunningDaemon(sources: [("radio", "pulse:radio.monitor")], environment: server.environment)
            let client = try await subscribed(daemon)
            for genre in ["metal", "classical"] {
                let player = try server.play(Music.composed(genre))
                defer { player.end() }
                _ = try daemon.estimates(client, seconds: 10)
                let estimates = try daemon.estimates(client, seconds: 8)
                #expect(commonest(estimates) == genre, "\(estimates.map(\.label)) \(daemon.log)")
            }
            let silence = try daemon.estimates(client, seconds: 10) { $0.state == .silence }
            #expect(silence.last?.state == .silence)
        }

        /// A sink suspends when nothing plays, wakes for a player, and suspends again; genred says no more of it than that
        /// there is silence.
        private func checkSuspension(
            _ environment: [String: String], _ pactl: (String...) throws -> String, _ play: () throws -> ChildProcess
        ) async throws {
            let daemon = try RunningDaemon(sources: [("desk", "pulse:@DEFAULT_MONITOR@")], environment: environment)
            let client = try await subscribed(daemon)
            func isSuspended() async throws -> Bool {
                try await eventually(within: 30) {
                    try daemon.source("desk", client).conditions == ["suspended"]
                        && pactl("list", "short", "sinks").contains("SUSPENDED")
                }
            }
            #expect(try await isSuspended(), "\(daemon.log)")
            #expect(try client.current().first?.state == .silence)
            let player = try play()
            let estimates = try daemon.estimates(client, seconds: 20) { $0.state == .genre }
            #expect(estimates.last?.state == .genre, "\(daemon.log)")
            player.end()
            #expect(try await isSuspended(), "\(daemon.log)")
            let status = try daemon.source("desk", client)
            #expect(status.state == .running && status.reconnects == 0 && status.lastError == nil)
            #expect(try client.current().first?.state == .silence)
            for word in ["lost", "waiting", "back after", "no-signal", "suspended"] {
                #expect(!daemon.log.contains(word), "\(daemon.log)")
            }
        }

        /// How often the threads with such names have waited.
        private func waits(_ daemon: RunningDaemon, _ prefix: String) throws -> Int {
            let tasks = "/proc/\(daemon.process.processIdentifier)/task"
            return try FileManager.default.contentsOfDirectory(atPath: tasks).reduce(0) { sum, thread in
                guard
                    (try? String(contentsOfFile: "\(tasks)/\(thread)/comm", encoding: .utf8))?.hasPrefix(prefix) == true
                else { return sum }
                let status = try String(contentsOfFile: "\(tasks)/\(thread)/status", encoding: .utf8)
                let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
                return sum + (line?.split(separator: "\t").last.flatMap { Int($0) } ?? 0)
            }
        }

        @Test func `another default costs a source with a name of its own nothing`() async throws {
            let server = try SoundServer()
            let daemon = try RunningDaemon(sources: [("radio", "pulse:radio.monitor")], environment: server.environment)
            let client = try await daemon.client()
            #expect(try await daemon.isHeard("radio", client))
            try server.pactl("load-module", "module-null-sink", "sink_name=other")
            try server.pactl("set-default-sink", "other")
            try await Task.sleep(for: .seconds(1))
            let before = try waits(daemon, "pulse ra")
            #expect(before > 0)
            try await Task.sleep(for: .seconds(2))
            // A loop that asks the server without end waits for some thousand answers a second.
            #expect(try waits(daemon, "pulse ra") - before < 200)
            #expect(try daemon.source("radio", client).reconnects == 0)
        }

        @Test func `a sink suspends as if nobody listened to its monitor`() async throws {
            let server = try SoundServer(modules: ["module-suspend-on-idle timeout=1"])
            let clip = try Music.composed("metal")
            try await checkSuspension(server.environment, server.pactl) { try server.play(clip) }
        }

        @Test(.enabled(if: PipeWireServer.isInstalled)) func `so does PipeWire's`() async throws {
            let server = try PipeWireServer()
            let clip = try Music.composed("metal")
            try await checkSuspension(server.environment, server.pactl) { try server.play(clip) }
        }

        @Test func `what the server has muted is said once when it begins and once when it ends`() async throws {
            let server = try SoundServer()
            let daemon = try RunningDaemon(sources: [("radio", "pulse:radio.monitor")], environment: server.environment)
            let client = try await daemon.client()
            #expect(try await daemon.isHeard("radio", client))
            try server.pactl("set-source-mute", "radio.monitor", "1")
            let isMuted = try await eventually(within: 10) {
                try daemon.source("radio", client).conditions == ["muted"]
            }
            #expect(isMuted)
            let message =
                "the source is muted in PulseAudio, so only silence can be heard: "
                + "pactl set-source-mute radio.monitor 0"
            #expect(try daemon.source("radio", client).message == message)
            // A volume that changes meanwhile is no news.
            for volume in ["90%", "80%", "100%"] { try server.pactl("set-source-volume", "radio.monitor", volume) }
            try server.pactl("set-source-mute", "radio.monitor", "0")
            let isOver = try await eventually(within: 10) { try daemon.source("radio", client).conditions.isEmpty }
            #expect(isOver)
            #expect(daemon.log.components(separatedBy: message).count == 2, "\(daemon.log)")
            #expect(daemon.log.components(separatedBy: "radio: no longer muted").count == 2, "\(daemon.log)")
        }

        @Test func `a source survives the death of the sound server`() async throws {
            let server = try SoundServer()
            let daemon = try RunningDaemon(
                sources: [("radio", "pulse:@DEFAULT_MONITOR@")], environment: server.environment)
            let client = try await subscribed(daemon)
            let clip = try Music.composed("metal")
            let before = try server.play(clip)
            defer { before.end() }
            let estimates = try daemon.estimates(client, seconds: 15) { $0.state == .genre }
            #expect(estimates.last?.state == .genre, "\(daemon.log)")
            let killed = ContinuousClock.now
            server.kill()
            let lost = try daemon.estimates(client, seconds: 5) { $0.state == .noSignal }
            #expect(lost.last?.state == .noSignal)
            #expect(ContinuousClock.now - killed < .seconds(2))
            try server.start()
            let after = try server.play(clip)
            defer { after.end() }
            let again = try daemon.estimates(client, seconds: 20) { $0.state == .genre }
            #expect(again.last?.state == .genre, "\(daemon.log)")
            #expect(again.contains { $0.state == .starting })
            #expect(try client.sources().first?.reconnects == 1)
        }

        @Test func `a source that is removed and comes back is reopened`() async throws {
            let server = try SoundServer()
            let module = try server.pactl("load-module", "module-null-sink", "sink_name=usb").trimmingCharacters(
                in: .whitespacesAndNewlines)
            let daemon = try RunningDaemon(sources: [("usb", "pulse:usb.monitor")], environment: server.environment)
            let client = try await daemon.client()
            let running = try await eventually(within: 5) { try client.sources().first?.state == .running }
            #expect(running)
            try server.pactl("unload-module", module)
            let lost = try await eventually(within: 3) { try client.current().first?.state == .noSignal }
            #expect(lost, "\(daemon.log)")
            try server.pactl("load-module", "module-null-sink", "sink_name=usb")
            let back = try await eventually(within: 10) { try client.sources().first?.state == .running }
            #expect(back, "\(daemon.log)")
        }

        @Test(arguments: [("", 48_000), ("?rate=44100&format=s16le", 44_100), ("?rate=48000&format=f32le", 48_000)])
        func `ALSA's pulse plugin works`(options: String, rate: Int) async throws {
            let server = try SoundServer()
            let daemon = try RunningDaemon(sources: [("card", "alsa:radio\(options)")], environment: server.environment)
            let client = try await subscribed(daemon)
            let player = try server.play(Music.composed("metal"))
            defer { player.end() }
            let estimates = try daemon.estimates(client, seconds: 15) { $0.genre == "metal" }
            #expect(estimates.last?.genre == "metal", "\(estimates.map(\.label)) \(daemon.log)")
            #expect(try client.sources().first?.format?.contains("\(rate)") == true)
            server.kill()
            let lost = try daemon.estimates(client, seconds: 5) { $0.state == .noSignal }
            #expect(lost.last?.state == .noSignal, "\(daemon.log)")
            // That nothing comes may be noticed before the plugin says why.
            let isGone = await eventually(within: 5) {
                daemon.log.contains(/card: lost: ALSA's radio is gone: .*; reopening/)
            }
            #expect(isGone, "\(daemon.log)")
            #expect(try client.sources().first?.overruns == 0)
            try server.start()
            let back = try await eventually(within: 15) { try client.sources().first?.state == .running }
            #expect(back, "\(daemon.log)")
        }

        @Test(
            .enabled(if: Programs.has("ffmpeg")),
            arguments: [("s16le", "S16", 44_100), ("f32le", "float", 48_000)])
        func `ALSA's file plugin works`(format: String, name: String, rate: Int) async throws {
            let folder = try TemporaryFolder()
            let raw = try Music.converted(
                Music.composed("classical"), ["-f", format, "-ar", "\(rate)", "-ac", "2"], suffix: "\(rate).\(format)")
            // Reads the file instead of a null device, which has no clock of its own.
            try """
            </usr/share/alsa/alsa.conf>
            pcm.clip { type file slave.pcm { type null } file /dev/null infile "\(raw)" format raw }
            """.write(toFile: folder.file("asound.conf"), atomically: true, encoding: .utf8)
            let daemon = try RunningDaemon(
                sources: [("clip", "alsa:clip?rate=\(rate)&channels=2&format=\(format)")],
                environment: ["ALSA_CONFIG_PATH": folder.file("asound.conf")])
            let client = try await daemon.client()
            let isHeard = try await eventually(within: 15) { try client.current().contains { $0.genre == "classical" } }
            #expect(isHeard, "\(daemon.log)")
            #expect(try daemon.source("clip", client).format == "\(name) \(rate) Hz 2 channels")
        }
    }
}
