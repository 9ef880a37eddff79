// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc
import Testing

@testable import Capture

/// The tests that need a sound server, which they share.
@Suite(.serialized, .enabled(if: PulseServer.isInstalled, PulseServer.missing), .pulseServer)
struct SoundServerTests {}

extension SoundServerTests {
    @Suite(.serialized)
    struct PulseSourceTests {
        private let server = PulseServer.shared

        private func listen(_ source: String) throws -> (AudioSource, RecordingSink) {
            let source = try SourceURI(parsing: "pulse:\(source)?server=\(PulseServer.address)").makeSource()
            let sink = RecordingSink()
            try source.start(sink)
            return (source, sink)
        }

        /// A file of a tone that lasts longer than any test.
        private func tone(_ frequency: Double = 440) throws -> String {
            try Signals.file(
                Signals.wav(
                    Signals.sine(frequency, rate: 48_000, seconds: 20), rate: 48_000, channels: 2),
                "tone.wav")
        }

        @Test(arguments: ["radio.monitor", "@DEFAULT_SOURCE@", "@DEFAULT_MONITOR@"])
        func `records what is played, at the source's own rate`(name: String) async throws {
            let player = try server.play(tone())
            defer { player.end() }
            let (source, sink) = try listen(name)
            defer { source.stop() }
            #expect(await sink.wait { $0.peak > 0.4 })
            sink.forgetSamples()
            #expect(await sink.wait { $0.samples.count > 24_000 })
            let record = sink.record
            #expect(abs(Signals.frequency(record.samples, rate: 48_000) - 440) < 3)
            #expect(record.formats.count == 1)
            #expect(record.formats[0].sampleRate == 48_000 && record.formats[0].channels == 2)
            #expect(record.formats[0].device.hasPrefix("radio.monitor ("))
            #expect(record.losses.isEmpty)
        }

        @Test func `rate, channels and encoding are those of the source: the server converts nothing`() async throws {
            try await server.control("load-module module-null-sink sink_name=odd rate=32000 channels=5 format=s32le")
            let (source, sink) = try listen("odd.monitor")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 3200 })
            #expect(sink.record.formats.first?.sampleRate == 32_000)
            #expect(sink.record.formats.first?.channels == 5)
            #expect(sink.record.formats.first?.encoding == "float")
            source.stop()
            try await server.control("unload-module module-null-sink")
            try await server.control("load-module module-null-sink sink_name=radio rate=48000 channels=2")
        }

        @Test func `a server that is killed is lost at once, and recorded again when it is back`() async throws {
            let (source, sink) = try listen("@DEFAULT_MONITOR@")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            let crash = ContinuousClock.now
            server.crash()
            #expect(await sink.wait { $0.losses.count >= 1 })
            #expect(try #require(sink.record.firstLoss) - crash < .seconds(1))
            #expect(sink.record.losses.first?.code == .disconnected)
            // Long enough for some attempts to fail; their reason is reported once.
            try await Task.sleep(for: .milliseconds(600))
            #expect(sink.record.losses.count <= 2)
            try await server.start()
            let heard = sink.record.count
            #expect(await sink.wait { $0.formats.count == 2 && $0.count > heard + 4800 })
        }

        @Test func `waits for a server that is not there at first`() async throws {
            server.crash()
            let (source, sink) = try listen("radio.monitor")
            defer { source.stop() }
            #expect(await sink.wait { $0.losses.count == 1 })
            #expect(sink.record.losses.first?.code == .cannotOpen)
            #expect(sink.record.losses.first?.message.contains("is it running?") == true)
            try await server.start()
            #expect(await sink.wait { $0.count > 0 })
        }

        @Test func `a source that is removed is lost, and recorded again when it is back`() async throws {
            try await server.control("load-module module-null-sink sink_name=usb rate=44100")
            let (source, sink) = try listen("usb.monitor")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            try await server.control("unload-module $(pactl list short modules | grep sink_name=usb | cut -f1)")
            #expect(await sink.wait { $0.losses.count == 2 })
            #expect(sink.record.losses.last?.message.contains("radio.monitor") == true)
            try await server.control("load-module module-null-sink sink_name=usb rate=48000")
            #expect(await sink.wait { $0.formats.map(\.sampleRate) == [44_100, 48_000] })
            let heard = sink.record.count
            #expect(await sink.wait { $0.count > heard + 4800 })
            source.stop()
            try await server.control("unload-module $(pactl list short modules | grep sink_name=usb | cut -f1)")
        }

        @Test func `a source that does not exist is an error that names those that do`() async throws {
            let (source, sink) = try listen("nonsense")
            defer { source.stop() }
            #expect(await sink.wait { $0.losses.count == 1 })
            let error = try #require(sink.record.losses.first)
            #expect(error.code == .cannotOpen && error.message.contains("radio.monitor"))
        }

        @Test func `the default monitor is followed when the user chooses another default sink`() async throws {
            try await server.control("load-module module-null-sink sink_name=headphones rate=44100")
            try await server.control("set-default-sink radio")
            let (source, sink) = try listen("@DEFAULT_MONITOR@")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            try await server.control("set-default-sink headphones")
            #expect(await sink.wait { $0.formats.last?.device.hasPrefix("headphones.monitor") == true })
            #expect(sink.record.losses.isEmpty)
            // And when it vanishes.
            try await server.control("unload-module $(pactl list short modules | grep headphones | cut -f1)")
            #expect(await sink.wait { $0.formats.last?.device.hasPrefix("radio.monitor") == true })
            let heard = sink.record.count
            // The null sink that it was moved to may take 2 s for its first block.
            #expect(await sink.wait { $0.count > heard + 4800 })
        }

        @Test func `a suspended monitor is silent, and its stream goes on when it is resumed`() async throws {
            let (source, sink) = try listen("radio.monitor")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            try await server.control("suspend-sink radio 1")
            #expect(await sink.wait { $0.suspensions.count == 1 })
            #expect(sink.record.suspensions.last??.isSilence == true)
            // Longer than the patience with a stalled source.
            try await Task.sleep(for: .milliseconds(2800))
            #expect(sink.record.losses.isEmpty)
            let heard = sink.record.count
            try await server.control("suspend-sink radio 0")
            #expect(await sink.wait { $0.suspensions.count == 2 && $0.count > heard })
            #expect(sink.record.suspensions.last == .some(nil))
            #expect(sink.record.formats.count == 1)
        }

        @Test func `a suspended input is no silence`() async throws {
            try await server.control("load-module module-null-source source_name=microphone")
            let (source, sink) = try listen("microphone")
            defer { source.stop() }
            #expect(await sink.wait { $0.formats.count == 1 })
            try await server.control("suspend-source microphone 1")
            #expect(await sink.wait { $0.suspensions.count == 1 })
            let suspension = try #require(sink.record.suspensions.last ?? nil)
            #expect(!suspension.isSilence && suspension.text.contains("pactl suspend-source microphone 0"))
            source.stop()
            try await server.control("unload-module module-null-source")
        }

        @Test func `a monitor lets its sink suspend, and an input is kept awake`() async throws {
            try await server.control("load-module module-suspend-on-idle timeout=1")
            try await server.control("load-module module-null-sink sink_name=idle rate=48000 channels=2")
            try await server.control("load-module module-null-source source_name=line")
            let (monitor, sink) = try listen("idle.monitor")
            let (line, lineSink) = try listen("line")
            #expect(await sink.wait { $0.suspensions.count == 1 })
            let player = try server.play(tone(), sink: "idle")
            #expect(await sink.wait { $0.suspensions.count == 2 && $0.peak > 0.4 })
            player.end()
            #expect(await sink.wait { $0.suspensions.count == 3 })
            #expect(sink.record.losses.isEmpty && sink.record.formats.count == 1)
            #expect(lineSink.record.suspensions.isEmpty && lineSink.record.losses.isEmpty)
            monitor.stop()
            line.stop()
            for module in ["module-suspend-on-idle", "module-null-source"] {
                try await server.control("unload-module \(module)")
            }
            try await server.control("unload-module $(pactl list short modules | grep sink_name=idle | cut -f1)")
        }

        @Test(arguments: [
            ("set-sink-mute radio", "1", "0", SourceNotice.Kind.muted),
            ("set-source-mute radio.monitor", "1", "0", .muted),
            ("set-sink-volume radio", "0", "100%", .volumeZero),
            ("set-source-volume radio.monitor", "0", "100%", .volumeZero),
        ])
        func `what is muted or at volume zero is said, with the command that ends it`(
            command: String, on: String, off: String, kind: SourceNotice.Kind
        ) async throws {
            let player = try server.play(tone())
            defer { player.end() }
            let (source, sink) = try listen("radio.monitor")
            defer { source.stop() }
            #expect(await sink.wait { $0.peak > 0.4 })
            #expect(sink.record.notices.isEmpty)
            try await server.control("\(command) \(on)")
            #expect(await sink.wait { $0.notices.map(\.kind) == [kind] })
            // It says what is true: nothing is heard any more, and the command that it names brings it back.
            let deadline = ContinuousClock.now + .seconds(20)
            repeat {
                sink.forgetSamples()
                _ = await sink.wait { $0.samples.count > 4800 }
            } while sink.record.peak > 0 && ContinuousClock.now < deadline
            #expect(sink.record.peak == 0)
            let text = try #require(sink.record.notices.first?.text)
            let remedy = try #require(text.components(separatedBy: "pactl ").last)
            #expect(remedy.hasSuffix("\(command) \(off)"), "\(text)")
            try await server.control("\(command) \(off)")
            #expect(await sink.wait { $0.notices.isEmpty && $0.peak > 0.4 })
        }

        @Test func `a muted recording, and one that was moved by hand, are said`() async throws {
            try await server.control("load-module module-null-sink sink_name=elsewhere rate=48000 channels=2")
            try await server.control("set-default-sink radio")
            let (source, sink) = try listen("@DEFAULT_MONITOR@")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            let recording =
                "$(pactl list source-outputs | awk '/^Source Output/ {i = $3} /= \"genred\"/ {print substr(i, 2)}')"
            try await server.control("set-source-output-mute \(recording) 1")
            #expect(await sink.wait { $0.notices.map(\.kind) == [.muted] })
            try await server.control("set-source-output-mute \(recording) 0")
            #expect(await sink.wait { $0.notices.isEmpty })
            try await server.control("move-source-output \(recording) elsewhere.monitor")
            #expect(await sink.wait { $0.notices.map(\.kind) == [.moved] })
            #expect(sink.record.notices.first?.text.contains("moved to elsewhere.monitor") == true)
            #expect(sink.record.formats.last?.device == "elsewhere.monitor")
            try await server.control("move-source-output \(recording) radio.monitor")
            #expect(await sink.wait { $0.notices.isEmpty })
            #expect(sink.record.losses.isEmpty)
            source.stop()
            try await server.control("unload-module $(pactl list short modules | grep elsewhere | cut -f1)")
        }

        @Test func `a server that hangs is lost, and recorded again when it goes on`() async throws {
            let (source, sink) = try listen("radio.monitor")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            server.signal(SIGSTOP)
            defer { server.signal(SIGCONT) }
            #expect(await sink.wait { $0.losses.count >= 1 })
            // Whichever it waits for at that moment: audio, or an answer.
            let reason = try #require(sink.record.losses.first?.message)
            #expect(reason.contains("delivers nothing") || reason.contains("does not answer"), "\(reason)")
            server.signal(SIGCONT)
            #expect(await sink.wait { $0.formats.count == 2 })
        }

        @Test func `a server that accepts and never answers is given up, and until then stopping is immediate`()
            async throws
        {
            let path = TestEnvironment.path("mute")
            let mute = try #require(listeningSocket(path))
            defer { close(mute) }
            let source = try SourceURI(parsing: "pulse:x?server=unix:\(path)").makeSource()
            let sink = RecordingSink()
            try source.start(sink)
            #expect(await sink.wait { $0.losses.count == 1 })
            #expect(sink.record.losses.first?.message.contains("does not answer") == true)
            try await Task.sleep(for: .milliseconds(500))
            let start = ContinuousClock.now
            source.stop()
            #expect(ContinuousClock.now - start < .milliseconds(300))
        }

        @Test func `several sources record from one server independently`() async throws {
            let pairs = try (0..<5).map { _ in try listen("radio.monitor") }
            for (_, sink) in pairs { #expect(await sink.wait { $0.count > 4800 }) }
            pairs[0].0.stop()
            pairs[0].1.close()
            for (_, sink) in pairs[1...] {
                let heard = sink.record.count
                #expect(await sink.wait { $0.count > heard + 4800 })
            }
            #expect(pairs[0].1.record.late == 0)
            for (source, _) in pairs { source.stop() }
        }

        @Test(arguments: ["recording", "no source", "through ALSA"])
        func `hundreds of starts and stops leave no descriptor behind`(kind: String) async throws {
            let uri =
                switch kind {
                case "recording": "pulse:radio.monitor?server=\(PulseServer.address)"
                case "no source": "pulse:nonsense?server=\(PulseServer.address)"
                default: "alsa:genred_pulse"
                }
            func cycle() throws {
                let source = try SourceURI(parsing: uri).makeSource()
                try source.start(RecordingSink(keeping: 0))
                usleep(UInt32.random(in: 0...6000))
                source.stop()
            }
            for _ in 0..<10 { try cycle() }
            let (before, shared) = (openDescriptors(), openDescriptors("memfd:pulseaudio"))
            for _ in 0..<400 { try cycle() }
            // Other suites have some of their own, but none of libpulse's shared memory.
            #expect(openDescriptors() < before + 40)
            #expect(openDescriptors("memfd:pulseaudio") <= shared)
        }

        private func listeningSocket(_ path: String) -> Int32? {
            let socket = UnixSocket.open(SOCK_STREAM)
            let isBound = UnixSocket.withAddress(path) { bind(socket, $0, $1) == 0 }
            return isBound && Glibc.listen(socket, 8) == 0 ? socket : nil
        }
    }
}
