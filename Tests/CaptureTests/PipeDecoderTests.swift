// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import TestSupport
import Testing

@testable import Capture

/// A decoder's output for a stream of bytes.
private struct Decoded {
    var formats: [StreamFormat] = []
    var samples: [Float] = []
    var refusals: [CaptureError] = []

    /// Decodes streams that come in pieces of the given sizes, in turn; the end of each is seen.
    ///
    /// - Parameter memory: samples that are decoded at once.
    init(
        _ streams: [[UInt8]], _ requested: RequestedFormat = RequestedFormat(), pieces: [Int] = [4096],
        memory: Int = 37
    ) {
        var decoder = PipeDecoder(device: "test", requested: requested)
        let mono = UnsafeMutableBufferPointer<Float>.allocate(capacity: memory)
        defer { mono.deallocate() }
        var piece = 0
        for stream in streams {
            var rest = stream[...]
            var window: [UInt8] = []
            var atEnd = false
            while !atEnd {
                let taken = rest.prefix(pieces[piece % pieces.count])
                piece += 1
                rest = rest.dropFirst(taken.count)
                atEnd = taken.isEmpty
                window += taken
                var isDone = false
                while !isDone {
                    let openings = formats.count
                    let step = window.withUnsafeBytes { bytes in
                        decoder.decode(bytes, atEnd: atEnd, mono: mono) { output in
                            switch output {
                            case .opened(let format): formats.append(format)
                            case .samples(let block): samples.append(contentsOf: block)
                            case .noticed: break
                            case .refused(let error): refusals.append(error)
                            }
                        }
                    }
                    #expect(atEnd || formats.count <= openings + 1, "others have their turn after each")
                    window.removeFirst(step.used)
                    isDone = step.isDone
                }
                #expect(window.count <= PipeDecoder.longestRest)
            }
            #expect(window.isEmpty)
        }
    }

    /// The format that was opened, if there was exactly one.
    var format: StreamFormat? { formats.count == 1 ? formats[0] : nil }
}

struct PipeDecoderTests {
    private let raw = RequestedFormat(rate: 48_000, channels: 2, format: .s16le)
    private let ramp: [Float] = (0..<1000).map { Float($0 - 500) / 512 }

    @Test(arguments: [PCMEncoding.int16, .int24Packed, .int32, .float32], [false, true])
    func `a WAV header is read, whatever pieces it comes in`(encoding: PCMEncoding, isExtensible: Bool) {
        for pieces in [[1], [3, 7], [11], [12, 44], [100_000]] {
            let decoded = Decoded(
                [Signals.wav(ramp, rate: 22_050, channels: 3, encoding, isExtensible: isExtensible)], pieces: pieces)
            #expect(
                decoded.format
                    == StreamFormat(sampleRate: 22_050, channels: 3, encoding: encoding.name, device: "test"))
            #expect(decoded.samples.count == ramp.count)
            #expect(zip(decoded.samples, ramp).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    @Test(arguments: [1, 5, 4096])
    func `chunks before and after the audio are skipped`(piece: Int) {
        let wav =
            Signals.wav(ramp, rate: 44_100, chunks: [("LIST", 27), ("bext", 602), ("id3 ", 70_001)])
            + Array("LIST".utf8) + WAV.little(UInt32(5)) + [82, 73, 70, 70, 5, 0]
        let decoded = Decoded([wav], pieces: [piece])
        #expect(decoded.samples.count == ramp.count && decoded.refusals.isEmpty)
    }

    @Test(arguments: [UInt32(0), .max, 0x7FFF_F000, 0x8000_0000])
    func `audio of unknown length is read to the end`(size: UInt32) {
        let decoded = Decoded([Signals.wav(ramp, rate: 44_100, dataSize: size)])
        #expect(decoded.samples.count == ramp.count)
    }

    @Test func `audio goes on after a length that was too short, because streamers write such lengths`() {
        let decoded = Decoded([Signals.wav(ramp, rate: 44_100, dataSize: 400)], pieces: [64])
        #expect(decoded.samples.count == ramp.count)
    }

    @Test func `RF64 has long lengths in a chunk of its own`() {
        let wav = Signals.wav(ramp, rate: 48_000, dataSize: .max)
        let sizes =
            WAV.little(UInt64(5_000_000)) + WAV.little(UInt64(ramp.count * 2)) + WAV.little(UInt64(0))
            + WAV.little(UInt32(0))
        var bytes = Array("RF64".utf8) + wav[4..<12]
        bytes += Array("ds64".utf8) + WAV.little(UInt32(28)) + sizes
        bytes += wav[12...]
        bytes += Array("LIST".utf8) + WAV.little(UInt32(2)) + [1, 2]
        let decoded = Decoded([bytes])
        #expect(decoded.samples.count == ramp.count && decoded.refusals.isEmpty)
    }

    @Test(arguments: [1, 13, 9999])
    func `a writer after another is decoded by its own header, though no end was seen between them`(piece: Int) {
        // The first is cut in the middle of a frame, and its length was unknown; the second claims more than it has.
        var bytes = Signals.wav(ramp, rate: 44_100, channels: 2, dataSize: .max)
        bytes.removeLast(3)
        bytes += Signals.wav(ramp, rate: 16_000, .float32, dataSize: 1 << 20)
        bytes += Signals.wav(ramp, rate: 8_000)
        let decoded = Decoded([bytes], pieces: [piece])
        #expect(decoded.formats.map(\.sampleRate) == [44_100, 16_000, 8_000])
        #expect(decoded.samples.count == 3 * ramp.count - 1)
    }

    @Test func `the largest partial frame is kept, also where it ends with what may be a header`() {
        let format = RequestedFormat(rate: 48_000, channels: 64, format: .f64le)
        var bytes = [UInt8](repeating: 0, count: 2 * 512)
        // The first frame is whole, then there is all of the second but a byte, and a header that has just begun.
        bytes.replaceSubrange(1023..<1024, with: Array("RIFF\u{10}\u{10}\u{10}\u{10}WAV".utf8))
        let decoded = Decoded([bytes], format, pieces: [bytes.count])
        #expect(decoded.samples.count == 2)
    }

    @Test(arguments: 0..<8)
    func `a writer that dies in the middle of a frame does not shift the next one's`(missing: Int) {
        let frames = Signals.encode(ramp, .int16, channels: 2)
        let decoded = Decoded([Array(frames.prefix(frames.count - missing)), frames], raw, pieces: [97])
        #expect(decoded.formats.count == 2)
        #expect(decoded.samples.count == 2 * ramp.count - (missing + 3) / 4)
        #expect(zip(decoded.samples.suffix(ramp.count), ramp).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test(arguments: [[1], [31], [100_000]])
    func `a header of the same format in the middle of a stream continues it, another begins a new one`(pieces: [Int]) {
        let segment = Signals.wav(ramp, rate: 48_000, channels: 2)
        // Segments with their true length, with an unknown one, and with a chunk behind the audio.
        let streamed = Signals.wav(ramp, rate: 48_000, channels: 2, dataSize: .max)
        let tagged = segment + Array("LIST".utf8) + WAV.little(UInt32(4)) + [1, 2, 3, 4]
        let decoded = Decoded([segment + tagged + streamed + segment], pieces: pieces)
        #expect(decoded.format?.sampleRate == 48_000, "one stream")
        #expect(decoded.samples.count == 4 * ramp.count)
        for other in [
            Signals.wav(ramp, rate: 44_100, channels: 2), Signals.wav(ramp, rate: 48_000, channels: 1),
            Signals.wav(ramp, rate: 48_000, channels: 2, .int32),
        ] {
            let decoded = Decoded([segment + other + segment], pieces: pieces)
            #expect(decoded.formats.count == 3 && decoded.samples.count == 3 * ramp.count)
        }
        #expect(Decoded([segment, segment], pieces: pieces).formats.count == 2, "the end of the first was seen")
    }

    @Test func `raw audio is decoded by the URI's format, down to a single frame`() {
        for frames in [1, 2, 3, 1000] {
            let decoded = Decoded([Signals.encode(Array(ramp.prefix(frames)), .int16, channels: 2)], raw, pieces: [5])
            #expect(decoded.format?.sampleRate == 48_000 && decoded.samples.count == frames)
        }
    }

    @Test func `raw audio that the URI describes in part is refused, and the message names what is missing`() {
        let decoded = Decoded(
            [Signals.encode(ramp, .int16)], RequestedFormat(rate: 48_000, channels: nil, format: nil))
        #expect(decoded.samples.isEmpty && decoded.refusals.count == 1)
        #expect(decoded.refusals[0].code == .unreadable)
        #expect(decoded.refusals[0].message.contains("channels, format"))
    }

    @Test func `a header that contradicts the URI is refused, and the next stream is decoded`() {
        let good = Signals.wav(ramp, rate: 48_000, channels: 2)
        for bad in [
            Signals.wav(ramp, rate: 44_100, channels: 2), Signals.wav(ramp, rate: 48_000, channels: 1),
            Signals.wav(ramp, rate: 48_000, channels: 2, .int32),
        ] {
            for streams in [[bad, good], [bad + good]] {
                let decoded = Decoded(streams, raw, pieces: [31])
                #expect(decoded.refusals.map(\.code) == [.formatMismatch])
                #expect(decoded.formats.count == 1 && decoded.samples.count == ramp.count)
            }
        }
    }

    @Test(arguments: ["fLaC", "OggS", "ID3\u{3}", "FORM", "RIFX"])
    func `a stream that is not PCM is refused by its name`(magic: String) {
        let decoded = Decoded([Array(magic.utf8) + [UInt8](repeating: 7, count: 100)], raw)
        #expect(decoded.samples.isEmpty && decoded.refusals.map(\.code) == [.unreadable])
    }

    @Test func `headers that no reader should trust are refused`() {
        let wav = Signals.wav(ramp, rate: 48_000)
        func patched(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
            var wav = wav
            wav.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
            return wav
        }
        for bytes in [
            patched(16, WAV.little(UInt32(15))), patched(16, WAV.little(UInt32.max)),
            patched(20, WAV.little(UInt16(2))), patched(20, WAV.little(UInt16(0xFFFE))),
            patched(22, WAV.little(UInt16(0))), patched(22, WAV.little(UInt16(9))),
            patched(24, WAV.little(UInt32(0))), patched(24, WAV.little(UInt32.max)),
            patched(32, WAV.little(UInt16(0))), patched(34, WAV.little(UInt16(12))),
            patched(12, Array("data".utf8)), patched(12, Array("LIST".utf8) + WAV.little(UInt32.max)),
        ] {
            let decoded = Decoded([bytes], pieces: [50])
            #expect(decoded.samples.isEmpty && decoded.refusals.map(\.code) == [.unreadable])
        }
    }

    @Test func `a stream cut at any byte is read up to there, or refused for its cut header`() {
        let samples = Array(ramp.prefix(8))
        let wav = Signals.wav(samples, rate: 48_000, channels: 2, isExtensible: true, chunks: [("LIST", 5)])
        let start = wav.count - 32
        for length in 0...wav.count {
            let decoded = Decoded([Array(wav[..<length])])
            #expect(decoded.samples.count == max(0, length - start) / 4)
            #expect(decoded.refusals.count == ((1..<start).contains(length) ? 1 : 0), "\(length)")
        }
    }

    @Test func `damaged streams neither crash nor give more samples than bytes`() {
        var random = SystemRandomNumberGenerator()
        let wav =
            Signals.wav(Array(ramp.prefix(60)), rate: 48_000, channels: 2, chunks: [("LIST", 9)])
            + Signals.wav(Array(ramp.prefix(9)), rate: 8_000, .float32, isExtensible: true)
        for _ in 0..<5_000 {
            var bytes = wav
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
            let requested = Bool.random(using: &random) ? raw : RequestedFormat()
            let whole = Decoded([bytes], requested)
            let split = Decoded([bytes], requested, pieces: [Int.random(in: 1...60, using: &random)])
            #expect(whole.samples.count <= bytes.count / 2)
            #expect(whole.samples.map(\.bitPattern) == split.samples.map(\.bitPattern))
            #expect(whole.formats == split.formats && whole.refusals.map(\.message) == split.refusals.map(\.message))
        }
    }
}
