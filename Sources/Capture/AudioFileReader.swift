// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CSndfile
import Glibc

/// Reads an audio file (WAV, FLAC, Ogg Vorbis, Opus, MP3 or any other format of libsndfile) as mono samples.
///
/// A file that ends early, or is damaged from some place on, is read up to there. One thread at a time may use it.
package final class AudioFileReader {
    /// Rate, channels and encoding of the file; `device` is its path.
    package let format: StreamFormat
    /// The length in frames (samples per channel) that the file claims, or nil if it has no length. The file may hold
    /// less: do not allocate memory by it.
    package let frames: Int?

    private let file: OpaquePointer
    private let mixer: ChannelMixer
    /// Memory for the interleaved frames of one read.
    private let interleaved: OwnedBuffer<Float>
    private static let framesPerRead = 4096

    /// Opens a file.
    ///
    /// - Throws: `CaptureError`: `cannotOpen` if there is no such file, `unreadable` if libsndfile cannot read it,
    ///   `formatMismatch` for a rate outside 8 000 to 192 000 Hz or more than 64 channels.
    package convenience init(path: String) throws(CaptureError) {
        try self.init(path: path, use: nil)
    }

    /// - Parameter use: the channels that are listened to; nil for all.
    convenience init(path: String, use: ChannelSelection?) throws(CaptureError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            let hint = code == ENOENT && path.hasPrefix("~") ? "; only a shell expands ~, so write the whole path" : ""
            throw CaptureError(
                .cannotOpen, "\(path) cannot be opened: \(systemMessage(code))\(hint)", call: "open", errno: code)
        }
        do throws(CaptureError) {
            try Self.checkRegular(descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
        try self.init(fileDescriptor: descriptor, name: path, use: use)
    }

    /// Reads from an open descriptor, which must be seekable, and closes it at the end or on failure.
    ///
    /// - Parameter name: its name in `format.device` and in messages.
    package convenience init(fileDescriptor: Int32, name: String) throws(CaptureError) {
        try self.init(fileDescriptor: fileDescriptor, name: name, use: nil)
    }

    private init(fileDescriptor: Int32, name: String, use: ChannelSelection?) throws(CaptureError) {
        var info = SF_INFO()
        guard let file = sf_open_fd(fileDescriptor, Int32(SFM_READ), &info, Int32(SF_TRUE)) else {
            // libsndfile has closed the descriptor already.
            throw CaptureError(
                .unreadable,
                "\(name) is not readable audio: \(Self.message(nil)); WAV, FLAC, Ogg, Opus and MP3 are supported, "
                    + "and ffmpeg -i FILE out.flac converts other formats",
                call: "sf_open_fd", errno: sf_error(nil))
        }
        let rate = Int(info.samplerate)
        let channels = Int(info.channels)
        let mismatch: String? =
            if !RequestedFormat.channelCounts.contains(channels) {
                "has \(channels) channels; 1 to 64 are supported; ffmpeg -i FILE -ac 2 out.flac mixes them"
            } else if !RequestedFormat.rates.contains(rate) {
                "has a rate of \(rate) Hz; 8000 to 192000 Hz are supported; ffmpeg -i FILE -ar 48000 out.flac converts it"
            } else {
                nil
            }
        if let mismatch {
            sf_close(file)
            throw CaptureError(.formatMismatch, "\(name) \(mismatch)")
        }
        let listened: [Int]?
        do throws(CaptureError) {
            listened = try use.listened(ofChannels: channels, device: name)
        } catch {
            sf_close(file)
            throw error
        }
        self.file = file
        format = StreamFormat(
            sampleRate: rate, channels: channels, encoding: Self.encoding(info.format), device: name)
        frames = info.frames > 0 && info.frames < sf_count_t.max ? Int(info.frames) : nil
        mixer = ChannelMixer(encoding: .float32, channels: channels, rate: rate, listened: listened)
        interleaved = OwnedBuffer(repeating: 0, count: Self.framesPerRead * channels)
    }

    deinit {
        sf_close(file)
    }

    /// Reads the next samples, the mean of the channels, full scale ±1; fills `mono` unless the file ends first.
    ///
    /// - Returns: how many were read; 0 at the end.
    package func read(into mono: UnsafeMutableBufferPointer<Float>) -> Int {
        var done = 0
        while done < mono.count {
            let wanted = min(mono.count - done, Self.framesPerRead)
            let frames = Int(sf_readf_float(file, interleaved.pointer, sf_count_t(wanted)))
            guard frames > 0 else { break }
            let bytes = UnsafeRawBufferPointer(start: interleaved.pointer, count: frames * mixer.bytesPerFrame)
            done += mixer.mix(bytes, into: UnsafeMutableBufferPointer(rebasing: mono[done...])).count
        }
        return done
    }

    /// Returns what has changed in how channels become one since the last call, if anything has.
    package func takeNotice() -> ChannelNotice? { mixer.takeNotice() }

    /// Reads everything from here to the end.
    package func readAll() -> [Float] {
        var all: [Float] = []
        let block = OwnedBuffer<Float>(repeating: 0, count: 16 * Self.framesPerRead)
        while case let count = read(into: block.elements), count > 0 {
            all.append(contentsOf: block.elements[..<count])
        }
        return all
    }

    /// Goes back to the first sample. Returns false for a file that cannot: a damaged one, or one that is not seekable.
    package func rewind() -> Bool {
        sf_seek(file, 0, Int32(SEEK_SET)) == 0
    }

    private static func checkRegular(_ descriptor: Int32, _ path: String) throws(CaptureError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
        throw switch status.st_mode & S_IFMT {
        case S_IFIFO: CaptureError(.cannotOpen, "\(path) is a FIFO: write pipe:\(path)")
        case S_IFDIR: CaptureError(.cannotOpen, "\(path) is a directory, not an audio file")
        default: CaptureError(.cannotOpen, "\(path) is a device, not a file; for a sound card write alsa:PCM")
        }
    }

    /// libsndfile's error message on one line; the last failed open's if `file` is nil.
    private static func message(_ file: OpaquePointer?) -> String {
        let words = sf_strerror(file).map { String(cString: $0) } ?? "unknown error"
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
