// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The contents of a WAV header.
struct WAVHeader: Sendable, Equatable {
    /// Hz.
    var sampleRate: Int
    var channels: Int
    var encoding: PCMEncoding
    /// The length of the audio, or nil if the writer did not know it: streamers write 0 or the highest number.
    var dataBytes: UInt64?
}

/// Parses a RIFF, RF64 or WAVE_FORMAT_EXTENSIBLE header as it arrives, in pieces of any size.
///
/// Sources: Microsoft's "Multiple channel audio data and WAVE files"; EBU Tech 3306 (RF64).
struct WAVHeaderParser {
    enum Step: Equatable {
        /// The bytes are consumed, or too few: call again with more appended.
        case needsMore
        /// The audio begins where the consumed bytes end.
        case header(WAVHeader)
        /// Not a WAV header; nothing was consumed.
        case notWAV
    }

    private enum Place {
        case start
        case chunk
        case skipping(UInt64)
    }

    /// The most bytes of other chunks (tags, pictures) before the audio; no sane header has more.
    static let longestHeader: UInt64 = 16 << 20
    /// The longest piece that is parsed at once, which a caller must be able to keep.
    static let longestPiece = 8 + 40

    private var place = Place.start
    private var headerBytes: UInt64 = 0
    private var format: WAVHeader?
    /// The audio's length in an RF64 header's first chunk.
    private var dataBytes64: UInt64?

    /// Whether nothing has been parsed yet.
    var isAtStart: Bool {
        if case .start = place { true } else { false }
    }

    /// Consumes as much as it can from the front of `bytes`.
    ///
    /// - Parameter consumed: set to the number of bytes consumed; do not pass these again.
    /// - Throws: `CaptureError` with the code `unreadable` for a header that is damaged or has an unsupported format.
    mutating func parse(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) throws(CaptureError) -> Step {
        consumed = 0
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
            switch place {
            case .start:
                guard let isWAV = Self.beginsWAV(rest) else { return .needsMore }
                guard isWAV else { return .notWAV }
                consumed += 12
                place = .chunk
            case .skipping(let count):
                let taken = min(count, UInt64(rest.count))
                consumed += Int(taken)
                place = taken == count ? .chunk : .skipping(count - taken)
                if taken < count { return .needsMore }
            case .chunk:
                guard rest.count >= 8 else { return .needsMore }
                let size = rest.littleEndian(UInt32.self, at: 4)
                let needed: Int
                switch rest.tag(at: 0) {
                case "data":
                    guard let format else { throw Self.error("its audio comes before its format (the chunk 'fmt ')") }
                    consumed += 8
                    return .header(finished(format, size: size))
                case "fmt ": needed = Int(min(size, 40))
                case "ds64": needed = 28
                default: needed = 0
                }
                guard rest.count >= 8 + needed else { return .needsMore }
                let content = UnsafeRawBufferPointer(rebasing: rest[8..<(8 + needed)])
                if rest.tag(at: 0) == "fmt " { format = try Self.format(content) }
                if rest.tag(at: 0) == "ds64" { dataBytes64 = content.littleEndian(UInt64.self, at: 8) }
                // Chunks begin at even places.
                let padded = UInt64(size) + UInt64(size & 1)
                headerBytes += 8 + padded
                guard headerBytes <= Self.longestHeader, padded >= needed else {
                    throw Self.error("its chunk \(quoted(rest.tag(at: 0))) has an impossible size of \(size) bytes")
                }
                consumed += 8 + needed
                place = .skipping(padded - UInt64(needed))
            }
        }
    }

    /// Whether `bytes` begin like a WAV header; nil if they are too few to tell.
    static func beginsWAV(_ bytes: UnsafeRawBufferPointer) -> Bool? {
        for (index, byte) in bytes.prefix(12).enumerated() {
            switch index {
            case 0..<4 where byte != Self.riff[index] && byte != Self.rf64[index]: return false
            case 8..<12 where byte != Self.wave[index - 8]: return false
            default: break
            }
        }
        guard bytes.count >= 12 else { return nil }
        // Not "RIF4", a cross between the two.
        return bytes.tag(at: 0) == "RIFF" || bytes.tag(at: 0) == "RF64"
    }

    private static let riff = Array("RIFF".utf8)
    private static let rf64 = Array("RF64".utf8)
    private static let wave = Array("WAVE".utf8)

    private func finished(_ format: WAVHeader, size: UInt32) -> WAVHeader {
        var header = format
        let length = size == .max ? dataBytes64 ?? .max : UInt64(size)
        // Writers that cannot seek back write 0 or a very high number: ffmpeg 0xFFFFFFFF, sox and arecord something below
        // 2 GiB. A true length of that size may safely be taken as unknown.
        header.dataBytes = length == 0 || length >= 0x7FF0_0000 && dataBytes64 == nil || length > 1 << 60 ? nil : length
        return header
    }

    /// Reads a WAVEFORMAT, WAVEFORMATEX or WAVEFORMATEXTENSIBLE structure.
    private static func format(_ content: UnsafeRawBufferPointer) throws(CaptureError) -> WAVHeader {
        guard content.count >= 16 else {
            throw error("its format chunk has \(content.count) bytes instead of 16 or more")
        }
        var code = content.littleEndian(UInt16.self, at: 0)
        let channels = Int(content.littleEndian(UInt16.self, at: 2))
        let rate = Int(content.littleEndian(UInt32.self, at: 4))
        let blockAlign = Int(content.littleEndian(UInt16.self, at: 12))
        let bits = Int(content.littleEndian(UInt16.self, at: 14))
        // The first two bytes of the sub-format's GUID are the code that it would have had in a plain header.
        if code == 0xFFFE, content.count >= 26 { code = content.littleEndian(UInt16.self, at: 24) }
        let encoding: PCMEncoding
        switch (code, bits) {
        case (1, 16): encoding = .int16
        case (1, 24): encoding = .int24Packed
        case (1, 32): encoding = .int32
        case (1, 8): encoding = .uint8
        case (3, 32): encoding = .float32
        case (3, 64): encoding = .float64
        case (6, 8): encoding = .aLaw
        case (7, 8): encoding = .muLaw
        default:
            let compressed = [2: "ADPCM", 17: "ADPCM", 49: "GSM", 80: "MPEG audio", 85: "MP3", 255: "AAC", 353: "WMA"]
            let kind =
                compressed[Int(code)] ?? "\(bits)-bit \(code == 1 ? "PCM" : code == 3 ? "float" : "format \(code)")"
            throw error(
                "it holds \(kind), but only 8, 16, 24 or 32-bit PCM, 32 or 64-bit float, A-law and µ-law are supported"
            )
        }
        guard RequestedFormat.channelCounts.contains(channels) else {
            throw error("it has \(channels) channels; 1 to 64 are supported")
        }
        guard RequestedFormat.rates.contains(rate) else {
            throw error("it has a rate of \(rate) Hz; 8000 to 192000 Hz are supported")
        }
        guard blockAlign == channels * encoding.bytes else {
            throw error("its frame size of \(blockAlign) bytes does not fit \(channels) × \(bits) bits")
        }
        return WAVHeader(sampleRate: rate, channels: channels, encoding: encoding, dataBytes: nil)
    }

    private static func error(_ message: String) -> CaptureError {
        CaptureError(
            .unreadable, "the WAV header cannot be read: \(message); let ffmpeg write it: -c:a pcm_s16le -f wav -")
    }
}

extension UnsafeRawBufferPointer {
    func littleEndian<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type, at offset: Int) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// The four letters of a chunk's name.
    func tag(at offset: Int) -> String {
        String(decoding: self[offset..<(offset + 4)], as: UTF8.self)
    }
}
