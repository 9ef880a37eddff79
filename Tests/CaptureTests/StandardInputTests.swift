// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc
import Testing

@testable import Capture

/// Serialized, since a process has one standard input.
@Suite(.serialized)
struct StandardInputTests {
    private let tone = Signals.sine(440, rate: 44_100, seconds: 0.5)

    /// Runs a source on a standard input that holds `bytes` and ends.
    private func listen(to bytes: [UInt8], _ options: String = "") async throws -> RecordingSink.Record {
        let path = try Signals.file(bytes)
        let input = popen("cat '\(path)'", "r")
        defer { pclose(input) }
        return try await listen(on: fileno(input), options)
    }

    /// Runs a source on another descriptor as standard input, to its end.
    private func listen(on descriptor: Int32, _ options: String = "") async throws -> RecordingSink.Record {
        let saved = dup(STDIN_FILENO)
        dup2(descriptor, STDIN_FILENO)
        defer {
            dup2(saved, STDIN_FILENO)
            close(saved)
        }
        let source = try SourceURI(parsing: "pipe:-\(options)").makeSource()
        let sink = RecordingSink()
        try source.start(sink)
        #expect(await sink.wait { $0.isEnded })
        source.stop()
        return sink.record
    }

    @Test func `WAV is read to its end, which ends the source`() async throws {
        let record = try await listen(to: Signals.wav(tone, rate: 44_100, channels: 2, .int24Packed, dataSize: .max))
        #expect(record.failure == nil && record.count == tone.count)
        #expect(record.formats.first?.device == "standard input")
    }

    @Test func `raw audio is read in the URI's format`() async throws {
        let record = try await listen(to: Signals.encode(tone, .float32), "?rate=44100&channels=1&format=f32le")
        #expect(record.failure == nil && record.samples == tone)
    }

    @Test func `a file or a socket is read like a pipe`() async throws {
        let wav = Signals.wav(tone, rate: 44_100, channels: 2)
        let file = open(try Signals.file(wav), O_RDONLY)
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        let (readEnd, writeEnd) = (ends[0], ends[1])
        defer { for descriptor in [file, readEnd] { close(descriptor) } }
        Thread.detachNewThread {
            var rest = wav[...]
            while !rest.isEmpty {
                rest = rest.dropFirst(max(0, rest.withUnsafeBytes { write(writeEnd, $0.baseAddress, $0.count) }))
            }
            close(writeEnd)
        }
        for descriptor in [file, readEnd] {
            let record = try await listen(on: descriptor)
            #expect(record.failure == nil && record.count == tone.count)
        }
    }

    @Test(arguments: [true, false])
    func `a pipe or FIFO whose writer is already gone is read to its end`(isNamed: Bool) async throws {
        var ends: [Int32] = [-1, -1]
        if isNamed {
            let path = TestEnvironment.path("gone.fifo")
            try #require(mkfifo(path, 0o600) == 0)
            ends = [open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), open(path, O_WRONLY | O_CLOEXEC)]
        } else {
            try #require(pipe(&ends) == 0)
        }
        defer { close(ends[0]) }
        let wav = Signals.wav(Array(tone.prefix(10_000)), rate: 44_100)
        #expect(write(ends[1], wav, wav.count) == wav.count)
        close(ends[1])
        let record = try await listen(on: ends[0])
        #expect(record.failure == nil && record.count == 10_000)
        // And now there is nothing left.
        #expect(try await listen(on: ends[0]).failure?.message.contains("before any audio") == true)
    }

    @Test func `input that cannot be read ends the source, and the message says why`() async throws {
        for (bytes, options, code, reason) in [
            ([], "", CaptureError.Code.unreadable, "before any audio"),
            (Array("RIFF".utf8), "", .unreadable, "no WAV header"),
            (Array(Signals.wav(tone, rate: 44_100).prefix(40)), "", .unreadable, "inside its WAV header"),
            (Signals.encode(tone, .int16), "", .unreadable, "rate, channels, format"),
            (Signals.wav(tone, rate: 44_100), "?rate=48000", .formatMismatch, "44100 Hz, not 48000"),
            (Array("OggS and so on".utf8), "", .unreadable, "ffmpeg"),
        ] as [([UInt8], String, CaptureError.Code, String)] {
            let record = try await listen(to: bytes, options)
            #expect(record.failure?.code == code)
            #expect(record.failure?.message.contains(reason) == true, "\(record.failure?.message ?? "")")
            #expect(record.count == 0)
        }
    }
}
