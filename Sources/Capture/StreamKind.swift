// SPDX-License-Identifier: GPL-3.0-or-later

/// What a stream is that is neither WAV nor raw PCM, by its first bytes.
enum StreamKind {
    /// Whether it begins as a web page does.
    static func isPage(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 4 && ["<!DO", "<!do", "<htm", "<HTM"].contains(bytes.tag(at: 0))
    }

    /// The name of a container or codec; nil for anything that may be raw PCM. The more bytes are there, the surer.
    static func name(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count >= 4 else { return nil }
        if isPage(bytes) { return "a web page" }
        switch bytes.tag(at: 0) {
        case "fLaC": return "FLAC"
        case "OggS": return "Ogg"
        case "ID3\u{2}", "ID3\u{3}", "ID3\u{4}": return "MP3"
        case "FORM": return "AIFF"
        case "RIFX": return "big-endian WAV"
        case "caff": return "CAF"
        case ".snd": return "AU"
        case "wvpk": return "WavPack"
        case "MAC ": return "Monkey's Audio"
        case "#EXT", "[pla", "[Pla": return "a playlist"
        case "<?xm": return "a web page"
        case "HTTP": return "the answer of a web server"
        default: break
        }
        switch UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)) {
        case 0x1A45_DFA3: return "WebM or Matroska"
        case 0x3026_B275: return "WMA"
        default: break
        }
        if bytes.count >= 8, bytes.tag(at: 4) == "ftyp" { return "MP4" }
        return MPEGFrame.name(bytes)
    }
}

/// A frame of MPEG audio, or of AAC in ADTS (ISO/IEC 13818-7).
private struct MPEGFrame {
    /// Frames in a row that are no accident.
    private static let frames = 4
    /// The bytes in which the first frame is looked for: who joins a station's stream comes in the middle of a frame.
    private static let reach = 4096

    let length: Int
    /// What all frames of a stream have in common.
    let kind: UInt32
    let isAAC: Bool

    /// Finds frames, one after the other.
    static func name(_ bytes: UnsafeRawBufferPointer) -> String? {
        for start in 0..<min(reach, max(0, bytes.count - 4)) where bytes[start] == 0xFF {
            guard let first = MPEGFrame(bytes, at: start) else { continue }
            var (next, count) = (start + first.length, 1)
            while count < frames, let frame = MPEGFrame(bytes, at: next), frame.kind == first.kind {
                next += frame.length
                count += 1
            }
            if count == frames { return first.isAAC ? "AAC" : "MP3" }
        }
        return nil
    }

    private init?(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard offset + 8 <= bytes.count else { return nil }
        let header = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        guard header >> 21 == 0x7FF else { return nil }
        // The same four bytes again are a pattern, not a header and its frame.
        guard bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self).bigEndian != header else { return nil }
        let layer = header >> 17 & 3
        if layer == 0 {
            guard header >> 20 == 0xFFF, header >> 10 & 15 < 13 else { return nil }
            length = Int(bytes[offset + 3] & 3) << 11 | Int(bytes[offset + 4]) << 3 | Int(bytes[offset + 5]) >> 5
            guard length > 7 else { return nil }
            (kind, isAAC) = (header >> 6 & 0x3FF_FFFF, true)
            return
        }
        guard let mpeg = MPEGHeader(header) else { return nil }
        // Layer, version, and rate.
        (length, kind, isAAC) = (mpeg.length, header & 0xFFFE_0C00, false)
    }
}
