// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

@testable import Capture

struct FormatJudgeTests {
    private static let rate = 44_100

    /// Two channels of sound with many partials and some noise, interleaved.
    private static let music: [Float] = {
        var generator = SplitMix(state: 7)
        return (0..<2 * rate).flatMap { frame -> [Float] in
            let time = Double(frame) / Double(rate)
            let beat = 0.3 + 0.7 * (1 - (time * 2).truncatingRemainder(dividingBy: 1))
            func chord(_ notes: [Double]) -> Float {
                var sum = 0.0
                for note in notes {
                    for partial in 1...6 {
                        sum += sin(2 * .pi * note * Double(partial) * time) / Double(partial * partial)
                    }
                }
                return Float(0.15 * beat * sum) + 0.001 * (Float.random(in: -1...1, using: &generator))
            }
            return [chord([110, 220, 277.2]), chord([164.8, 329.6])]
        }
    }()

    private func verdict(
        _ bytes: [UInt8], as declared: SampleFormat, channels: Int = 2, isFromHeader: Bool = false
    ) -> FormatJudge.Verdict? {
        let encoding = PCMEncoding(declared)
        var judge = FormatJudge(encoding: encoding, channels: channels, rate: Self.rate, isFromHeader: isFromHeader)
        let piece = 4096 / (encoding.bytes * channels) * (encoding.bytes * channels)
        for start in stride(from: 0, to: bytes.count - piece, by: piece) where !judge.isDone {
            let verdict = bytes[start..<start + piece].withUnsafeBytes { judge.look(at: $0) }
            if let verdict { return verdict }
        }
        return nil
    }

    private func encode(_ samples: [Float], _ format: SampleFormat) -> [UInt8] {
        Signals.encode(samples, PCMEncoding(format))
    }

    // A-law and µ-law take the encoder of the tests too long; they differ from the others in nothing that is judged.
    @Test(arguments: SampleFormat.allCases.filter { ![.alaw, .mulaw].contains($0) })
    func `nothing is said of sound in its own format`(format: SampleFormat) {
        #expect(verdict(encode(Self.music, format), as: format) == nil)
        let mono = stride(from: 0, to: Self.music.count, by: 2).map { Self.music[$0] }
        #expect(verdict(encode(mono, format), as: format, channels: 1) == nil)
        #expect(verdict(encode(mono.flatMap { [$0, $0] }, format), as: format) == nil)
        // As loud as a whisper.
        #expect(verdict(encode(mono.map { $0 / 300 }, format), as: format, channels: 1) == nil)
    }

    @Test(arguments: [SampleFormat.s16le, .s24le, .f32le])
    func `nothing is said of noise, a tone or silence`(format: SampleFormat) {
        var generator = SplitMix(state: 3)
        let noise = (0..<2 * Self.rate).map { _ in
            0.1 * (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &generator) }
        }
        #expect(verdict(encode(noise, format), as: format) == nil)
        for frequency in [20.0, 1000, 9000, 20_000] {
            let tone = Signals.sine(frequency, rate: Self.rate, seconds: 2)
            #expect(verdict(encode(tone, format), as: format, channels: 1) == nil, "\(frequency) Hz")
        }
        #expect(verdict([UInt8](repeating: 0, count: 1 << 20), as: format) == nil)
    }

    @Test(arguments: [
        (SampleFormat.s16be, SampleFormat.s16le), (.s16le, .s16be), (.u16le, .s16le), (.s16le, .u16le),
        (.f32le, .s16le), (.s16le, .f32le), (.f32be, .f32le), (.s24le, .s16le), (.s16le, .s24le), (.s32le, .s24le),
        (.s24in32le, .s32le), (.s32le, .s16le), (.u8, .s16le), (.s8, .u8), (.f32le, .s32le), (.f64le, .f32le),
    ])
    func `the format that it looks like is named`(declared: SampleFormat, real: SampleFormat) {
        #expect(verdict(encode(Self.music, real), as: declared) == .encoding(real))
        // A header is believed, as long as these are samples at all.
        #expect(verdict(encode(Self.music, real), as: declared, isFromHeader: true) == nil)
    }

    @Test(arguments: [SampleFormat.s16le, .f32le])
    func `a wrong number of channels is named`(format: SampleFormat) {
        #expect(verdict(encode(Self.music, format), as: format, channels: 1) == .channels(2))
        let mono = stride(from: 0, to: Self.music.count, by: 2).map { Self.music[$0] }
        #expect(verdict(encode(mono, format), as: format, channels: 2) == .channels(1))
    }

    @Test func `compressed data and the frames of a digital output are no samples, whatever a header says`() {
        var generator = SplitMix(state: 5)
        let random = (0..<1 << 20).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(verdict(random, as: .s16le, isFromHeader: true) == .compressed)
        #expect(verdict(random, as: .f32le) == .compressed)
        var frames = [UInt8](repeating: 0, count: 1 << 20)
        for start in stride(from: 0, to: frames.count - 4096, by: 6144) {
            frames.replaceSubrange(start..<start + 4, with: [0x72, 0xF8, 0x1F, 0x4E])
            frames.replaceSubrange(start + 8..<start + 1800, with: random[start..<start + 1792])
        }
        #expect(verdict(frames, as: .s16le, isFromHeader: true) == .digitalOutput)
    }

    @Test(.ffmpeg, arguments: ["-c:a eac3 -b:a 192k -f eac3", "-c:a aac -b:a 192k -f adts"])
    func `nearly every look at a compressed stream finds that it is one`(codec: String) async throws {
        let folder = try TemporaryFolder()
        let (raw, coded) = (folder.file("raw"), folder.file("coded"))
        try Data(encode(Self.music, .s16le)).write(to: URL(fileURLWithPath: raw))
        try await TestEnvironment.run(
            "ffmpeg -v error -stream_loop 7 -f s16le -ar \(Self.rate) -ac 2 -i '\(raw)' \(codec) '\(coded)'")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: coded))
        let starts = Array(stride(from: 0, to: bytes.count - 8192, by: 1024))
        let found = starts.count { start in bytes[start..<start + 8192].withUnsafeBytes(FormatJudge.isUniform) }
        #expect(Double(found) > 0.95 * Double(starts.count))
    }

    @Test func `a pipe says it once, and a stream of another kind is refused by its name`() {
        var decoder = PipeDecoder(
            device: "test", requested: RequestedFormat(rate: Self.rate, channels: 2, format: .s16be))
        let mono = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1 << 16)
        defer { mono.deallocate() }
        var notices: [SourceNotice] = []
        let bytes = encode(Self.music, .s16le)
        for start in stride(from: 0, to: bytes.count, by: 8192) {
            let piece = bytes[start..<min(start + 8192, bytes.count)]
            _ = piece.withUnsafeBytes { piece in
                decoder.decode(piece, atEnd: false, mono: mono) { output in
                    if case .noticed(let notice) = output { notices.append(notice) }
                }
            }
        }
        #expect(notices.map(\.kind) == [.doubtfulFormat])
        #expect(notices.first?.text == "this looks like s16le, not s16be: is format=s16le right?")
    }

    @Test func `MPEG frames are found from the middle of one, and not in samples`() throws {
        // Silent frames of 128 kbit/s at 44.1 kHz.
        var frame = [UInt8](repeating: 0, count: 417)
        frame.replaceSubrange(0..<4, with: [0xFF, 0xFB, 0x90, 0xC4])
        let stream = [UInt8](repeating: 0x55, count: 100) + Array([[UInt8]](repeating: frame, count: 6).joined())
        #expect(stream.withUnsafeBytes(StreamKind.name) == "MP3")
        let short = Array(stream.prefix(600))
        #expect(short.withUnsafeBytes(StreamKind.name) == nil)
        for format in SampleFormat.allCases {
            let bytes = encode(Array(Self.music.prefix(5000)), format)
            #expect(bytes.withUnsafeBytes(StreamKind.name) == nil)
        }
        let constant = [[UInt8]](repeating: [0xFF, 0xFB, 0x94, 0xC4], count: 4000).flatMap(\.self)
        #expect(constant.withUnsafeBytes(StreamKind.name) == nil)
    }
}
