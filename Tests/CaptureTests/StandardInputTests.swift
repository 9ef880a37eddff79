import Foundation
import Glibc
import Testing

@testable import Capture

/// Serialized, since a process has one standard input.
@Suite("Standard input", .serialized)
struct StandardInputTests {
    private let tone = Signals.sine(440, rate: 44_100, seconds: 0.5)

    /// Runs a source on a standard input that holds `bytes` and ends.
    private func listen(to bytes: [UInt8], _ options: String = "") async throws -> RecordingSink.Record {
        let path = try Signals.file(bytes)
        let input = popen("cat '\(path)'", "r")
        let saved = dup(STDIN_FILENO)
        dup2(fileno(input), STDIN_FILENO)
        defer {
            dup2(saved, STDIN_FILENO)
            close(saved)
            pclose(input)
        }
        let source = try SourceURI(parsing: "pipe:-\(options)").makeSource()
        let sink = RecordingSink()
        source.start(sink)
        #expect(await sink.wait(seconds: 3) { $0.isEnded })
        source.stop()
        return sink.record
    }

    @Test("WAV is read to its end, which is the source's")
    func wav() async throws {
        let record = try await listen(to: Signals.wav(tone, rate: 44_100, channels: 2, .int24Packed, dataSize: .max))
        #expect(record.failure == nil && record.count == tone.count)
        #expect(record.formats.first?.device == "standard input")
    }

    @Test("Raw audio is read as the URI says")
    func raw() async throws {
        let record = try await listen(to: Signals.encode(tone, .float32), "?rate=44100&channels=1&format=f32le")
        #expect(record.failure == nil && record.samples == tone)
    }

    @Test("What cannot be read ends the source, and the message says why")
    func refusals() async throws {
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
