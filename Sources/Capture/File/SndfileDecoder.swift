// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CConfinement
import CLateLibraries
import CSndfile
import Glibc

/// Decodes by libsndfile, in this process.
final class SndfileDecoder: FileDecoder {
    let format: StreamFormat
    let claimedFrames: Int?
    let losses = FileLosses()

    private let file: OpaquePointer

    /// Opens a descriptor, which must be seekable, and leaves it open.
    ///
    /// - Throws: `unreadable` with libsndfile's reason, `cannotOpen` if there is no libsndfile.
    init(_ descriptor: Int32, name: String) throws(CaptureError) {
        if let reason = load_libsndfile() {
            throw CaptureError(
                .cannotOpen,
                "libsndfile cannot be loaded: \(String(cString: reason)); install it (Debian: libsndfile1)",
                call: "dlopen")
        }
        var info = SF_INFO()
        // A copy, because libsndfile closes the descriptor of a file that it refuses.
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        let file = Self.quietly { sf_open_fd(copy, Int32(SFM_READ), &info, Int32(SF_TRUE)) }
        guard let file else {
            throw CaptureError(.unreadable, Self.message(), call: "sf_open_fd", errno: sf_error(nil))
        }
        self.file = file
        format = StreamFormat(
            sampleRate: Int(info.samplerate), channels: Int(info.channels), encoding: Self.encoding(info.format),
            device: name)
        // Of MP3 and Ogg it is an estimate, and `AudioFileShape` knows better.
        let isScanned = [SF_FORMAT_MPEG, SF_FORMAT_OGG].contains(Int(info.format) & SF_FORMAT_TYPEMASK)
        claimedFrames = !isScanned && info.frames > 0 && info.frames < sf_count_t.max ? Int(info.frames) : nil
    }

    deinit { _ = Self.quietly { sf_close(file) } }

    func read(_ samples: UnsafeMutablePointer<Float>, frames count: Int) -> Int {
        max(0, Int(Self.quietly { sf_readf_float(file, samples, sf_count_t(count)) }))
    }

    func rewind() -> Bool { Self.quietly { sf_seek(file, 0, Int32(SEEK_SET)) } == 0 }

    /// Without the lines that the libraries below libsndfile print about damaged files.
    private static func quietly<Result>(_ body: () -> Result) -> Result {
        drop_messages_of_libraries(true)
        defer { drop_messages_of_libraries(false) }
        return body()
    }

    /// The last failed open's message on one line.
    private static func message() -> String {
        let words = sf_strerror(nil).map { String(cString: $0) } ?? "unknown error"
        return words.split { $0.isNewline || $0 == "." }.joined(separator: " ")
    }

    /// The display name of an encoding: `S16`, `FLAC`, `Vorbis`, …
    private static func encoding(_ format: Int32) -> String {
        let container = format & Int32(SF_FORMAT_TYPEMASK)
        let samples = format & Int32(SF_FORMAT_SUBMASK)
        switch Int(container) {
        case SF_FORMAT_FLAC: return "FLAC"
        case SF_FORMAT_MPEG: return "MP3"
        default: break
        }
        return switch Int(samples) {
        case SF_FORMAT_VORBIS: "Vorbis"
        case SF_FORMAT_OPUS: "Opus"
        case SF_FORMAT_PCM_S8, SF_FORMAT_PCM_U8: "8 bit"
        case SF_FORMAT_PCM_16: "S16"
        case SF_FORMAT_PCM_24: "S24"
        case SF_FORMAT_PCM_32: "S32"
        case SF_FORMAT_FLOAT, SF_FORMAT_DOUBLE: "float"
        default: "libsndfile format \(String(format, radix: 16))"
        }
    }
}
