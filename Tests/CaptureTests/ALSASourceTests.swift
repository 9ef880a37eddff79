// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import Testing

@testable import Capture

extension SoundServerTests {
    /// Through ALSA's plugins: a machine that tests has no sound card.
    @Suite("ALSA through its pulse plugin", .serialized)
    struct ALSAPulseTests {
        private let server = PulseServer.shared

        private func listen(_ options: String) throws -> (any AudioSource, RecordingSink) {
            _ = TestEnvironment.directory
            let source = try SourceURI(parsing: "alsa:genred_pulse\(options)").makeSource()
            let sink = RecordingSink()
            try source.start(sink)
            return (source, sink)
        }

        @Test("What is played is heard, at every rate and encoding", arguments: [44_100, 48_000], ["s16le", "f32le"])
        func hears(rate: Int, format: String) async throws {
            let tone = Signals.sine(440, rate: 48_000, seconds: 10)
            let player = try server.play(Signals.file(Signals.wav(tone, rate: 48_000, channels: 2)))
            defer { player.end() }
            let (source, sink) = try listen("?rate=\(rate)&format=\(format)")
            defer { source.stop() }
            #expect(await sink.wait { $0.peak > 0.4 })
            sink.forgetSamples()
            #expect(await sink.wait { $0.samples.count > rate / 2 })
            let record = sink.record
            #expect(abs(Signals.frequency(record.samples, rate: rate) - 440) < 4)
            #expect(record.formats.count == 1 && record.losses.isEmpty)
            #expect(record.formats[0].sampleRate == rate && record.formats[0].channels == 2)
            #expect(record.formats[0].encoding == (format == "s16le" ? "S16" : "float"))
            #expect(record.formats[0].device == "genred_pulse")
        }

        @Test("Left to itself it takes 48 kHz, 16 bits, stereo")
        func ownChoice() async throws {
            let (source, sink) = try listen("")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            #expect(
                sink.record.formats
                    == [StreamFormat(sampleRate: 48_000, channels: 2, encoding: "S16", device: "genred_pulse")])
        }

        @Test("A device that is gone is lost within a second, and found again when it is back")
        func deviceGone() async throws {
            let (source, sink) = try listen("")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            let crash = ContinuousClock.now
            server.crash()
            #expect(await sink.wait { $0.losses.count >= 1 })
            #expect(try #require(sink.record.firstLoss) - crash < .seconds(1))
            // Plugins report it like an overrun, which it is not.
            #expect(sink.record.losses.first?.code == .disconnected && sink.record.overruns == 0)
            try await server.start()
            let heard = sink.record.count
            #expect(await sink.wait { $0.formats.count == 2 && $0.count > heard + 4800 })
        }

        @Test("A device that stalls is lost within a second of its last audio")
        func deviceStalls() async throws {
            let (source, sink) = try listen("")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            let stall = ContinuousClock.now
            server.signal(SIGSTOP)
            defer { server.signal(SIGCONT) }
            #expect(await sink.wait { $0.losses.count == 1 })
            // 0.9 s after the last audio, which a busy machine hears late; twice that if what is left of a period at
            // the deadline, which varies, counted as life.
            #expect(try #require(sink.record.firstLoss) - stall < .milliseconds(1500))
        }
    }
}

@Suite("ALSA without a server", .serialized)
struct ALSASourceTests {
    private func listen(_ text: String, keeping kept: Int = 100_000) throws -> (any AudioSource, RecordingSink) {
        _ = TestEnvironment.directory
        let source = try SourceURI(parsing: "alsa:\(text)").makeSource()
        let sink = RecordingSink(keeping: kept)
        try source.start(sink)
        return (source, sink)
    }

    @Test(
        "Samples of a recording device are taken as they are, at every rate and encoding",
        arguments: [44_100, 48_000, 8_000, 192_000], SampleFormat.allCases)
    func filePlugin(rate: Int, format: SampleFormat) async throws {
        let tone = Signals.sine(440, rate: rate, seconds: 0.1)
        let encoding = PCMEncoding(format)
        // ALSA's null device has all encodings, and 24 bits are taken in three bytes first.
        try Data(Signals.encode(tone, encoding, channels: 2)).write(to: ALSAConfiguration.file(format.rawValue))
        let (source, sink) = try listen(
            "\(ALSAConfiguration.pcm(format.rawValue))?rate=\(rate)&channels=2&format=\(format.rawValue)")
        defer { source.stop() }
        #expect(await sink.wait { $0.samples.count >= tone.count })
        #expect(sink.record.formats.first?.sampleRate == rate)
        #expect(zip(sink.record.samples, tone).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test(
        "What cannot be opened is told in libasound's words, on one line",
        arguments: [
            ("nonsense", "Unknown PCM nonsense"), ("hw:CARD=Radio,DEV=0", "Cannot get card index for Radio"),
            ("hw:7,3", "arecord -L"),
        ])
    func refusals(name: String, reason: String) async throws {
        let (source, sink) = try listen(name)
        defer { source.stop() }
        #expect(await sink.wait { $0.losses.count == 1 })
        let error = try #require(sink.record.losses.first)
        #expect(error.code == .cannotOpen && error.call == "snd_pcm_open")
        #expect(error.message.contains(name) && error.message.contains(reason), "\(error.message)")
        #expect(!error.message.contains { $0.isNewline })
        // Still missing: tried again, but not told again.
        try await Task.sleep(for: .milliseconds(700))
        #expect(sink.record.losses.count == 1)
    }

    @Test("A format that the device does not have is an error, not a guess")
    func mismatch() async throws {
        for (device, reason) in [
            ("genred_linear?format=f32le", "no format f32le, only s16le, s24le, s32le"),
            ("genred_stereo?channels=7", "7 channels, only 2;"),
        ] {
            let (source, sink) = try listen(device)
            defer { source.stop() }
            #expect(await sink.wait { $0.losses.count == 1 })
            #expect(sink.record.losses.first?.code == .formatMismatch)
            #expect(sink.record.losses.first?.message.contains(reason) == true, "\(sink.record.losses)")
        }
    }
}
