// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import Testing

@testable import Capture

extension SoundServerTests {
    /// Records through ALSA's plugins, because a test machine has no sound card.
    @Suite(.serialized)
    struct ALSAPulseTests {
        private let server = PulseServer.shared

        private func listen(_ options: String) throws -> (AudioSource, RecordingSink) {
            _ = TestEnvironment.directory
            let source = try SourceURI(parsing: "alsa:genred_pulse\(options)").makeSource()
            let sink = RecordingSink()
            try source.start(sink)
            return (source, sink)
        }

        @Test(arguments: [44_100, 48_000], ["s16le", "f32le"])
        func `records what is played, at every rate and encoding`(rate: Int, format: String) async throws {
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

        @Test func `without options it records 48 kHz, 16 bits, stereo`() async throws {
            let (source, sink) = try listen("")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            #expect(
                sink.record.formats
                    == [StreamFormat(sampleRate: 48_000, channels: 2, encoding: "S16", device: "genred_pulse")])
        }

        @Test func `a device that goes away is lost within a second, and recorded again when it is back`() async throws
        {
            let (source, sink) = try listen("")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            let crash = ContinuousClock.now
            server.crash()
            #expect(await sink.wait { $0.losses.count >= 1 })
            #expect(try #require(sink.record.firstLoss) - crash < .seconds(1))
            // Plugins report the death of their server as an overrun, which it is not.
            #expect(sink.record.losses.first?.code == .disconnected && sink.record.overruns == 0)
            try await server.start()
            let heard = sink.record.count
            #expect(await sink.wait { $0.formats.count == 2 && $0.count > heard + 4800 })
        }

        @Test func `a device that stalls is lost within a second of its last audio`() async throws {
            let (source, sink) = try listen("")
            defer { source.stop() }
            #expect(await sink.wait { $0.count > 0 })
            let stall = ContinuousClock.now
            server.signal(SIGSTOP)
            defer { server.signal(SIGCONT) }
            #expect(await sink.wait { $0.losses.count == 1 })
            // 0.9 s after the last audio, which arrives late on a busy machine. It would be twice that if a partial period
            // at the deadline counted as audio.
            #expect(try #require(sink.record.firstLoss) - stall < .milliseconds(1500))
        }
    }
}

@Suite(.serialized)
struct ALSASourceTests {
    private func listen(_ text: String, keeping kept: Int = 100_000) throws -> (AudioSource, RecordingSink) {
        _ = TestEnvironment.directory
        let source = try SourceURI(parsing: "alsa:\(text)").makeSource()
        let sink = RecordingSink(keeping: kept)
        try source.start(sink)
        return (source, sink)
    }

    /// The usual encodings at every rate, and the others at one.
    private static let formats: [(Int, SampleFormat)] =
        [44_100, 8_000, 192_000].flatMap { rate in [.s16le, .s24le, .s32le, .f32le].map { (rate, $0) } }
        + SampleFormat.allCases.map { (48_000, $0) }

    @Test(arguments: formats)
    func `a recording device's samples arrive unchanged, at every rate and encoding`(
        rate: Int, format: SampleFormat
    ) async throws {
        let tone = Signals.sine(440, rate: rate, seconds: 0.1)
        let encoding = PCMEncoding(format)
        // ALSA's null device has all encodings, and of those with 24 bits the one in three bytes is preferred.
        try Data(Signals.encode(tone, encoding, channels: 2)).write(to: ALSAConfiguration.file(format.rawValue))
        let (source, sink) = try listen(
            "\(ALSAConfiguration.pcm(format.rawValue))?rate=\(rate)&channels=2&format=\(format.rawValue)")
        defer { source.stop() }
        #expect(await sink.wait { $0.samples.count >= tone.count })
        #expect(sink.record.formats.first?.sampleRate == rate)
        // Half a step: of 8 bits, and of the loudest part of G.711's scales.
        let error: Float = [.u8, .s8].contains(format) ? 0.005 : [.alaw, .mulaw].contains(format) ? 0.02 : 1e-4
        #expect(zip(sink.record.samples, tone).allSatisfy { abs($0 - $1) < error })
    }

    @Test(arguments: [
        ("nonsense", "Unknown PCM nonsense"), ("hw:CARD=Radio,DEV=0", "Cannot get card index for Radio"),
        ("hw:7,3", "arecord -L"),
    ])
    func `a device that cannot be opened is reported in libasound's words, on one line`(name: String, reason: String)
        async throws
    {
        let (source, sink) = try listen(name)
        defer { source.stop() }
        #expect(await sink.wait { $0.losses.count == 1 })
        let error = try #require(sink.record.losses.first)
        #expect(error.code == .cannotOpen && error.call == "snd_pcm_open")
        #expect(error.message.contains(name) && error.message.contains(reason), "\(error.message)")
        #expect(!error.message.contains { $0.isNewline })
        // Still missing: tried again, but not reported again.
        try await Task.sleep(for: .milliseconds(700))
        #expect(sink.record.losses.count == 1)
    }

    @Test func `a format that the device does not have is an error, not a guess`() async throws {
        for (device, reason) in [
            ("genred_linear?format=f32le", "no format f32le, only u8, s8, s16le"),
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
