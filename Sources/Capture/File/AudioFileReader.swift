// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Reads an audio file as mono samples.
///
/// libsndfile decodes what it decodes whole: WAV, FLAC and the like, and MP3 and Ogg files that are one recording without a
/// hole. Everything else is for ffmpeg, if it is installed, in a process that can do nothing else: what libsndfile refuses,
/// what it would hear only in part (joined, chained or damaged files), and the rest of a file of which it gives less than
/// the file claims. So an intact file gives the same samples with and without ffmpeg.
///
/// A file that ends early, or is damaged, is read as far as that goes; `losses` says what was not heard. One thread at a
/// time may use it. With ffmpeg, the thread that opens it must outlive it.
package final class AudioFileReader {
    /// Rate, channels and encoding of the file; `device` is its path.
    package let format: StreamFormat

    private let name: String
    private let descriptor: Int32
    private let cancellation: Int32?
    private var decoder: any FileDecoder
    /// What the structure of an MP3 or Ogg file shows; nil for other files.
    private let shape: AudioFileShape?
    /// Why ffmpeg does not decode a file that it should decode.
    private var absence: CaptureError?
    private let mixer: ChannelMixer
    /// Memory for the interleaved frames of one read.
    private let interleaved: OwnedBuffer<Float>
    /// Frames since the beginning.
    private var position = 0
    /// Where ffmpeg took over from libsndfile, in frames.
    private var handover: Int?
    private var isAtEnd = false
    private static let framesPerRead = 4096

    /// Opens a file.
    ///
    /// - Throws: `CaptureError`: `cannotOpen` if there is no such file, `unreadable` if nothing decodes it,
    ///   `formatMismatch` for a rate outside 8 000 to 192 000 Hz or more than 64 channels.
    package convenience init(path: String) throws(CaptureError) {
        try self.init(path: path, use: nil)
    }

    /// - Parameters:
    ///   - use: the channels that are listened to; nil for all.
    ///   - cancellation: a descriptor that becomes readable when the file is no longer wanted.
    convenience init(path: String, use: ChannelSelection?, cancellation: Int32? = nil) throws(CaptureError) {
        let descriptor = PathText.withPath(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        let name = printable(path)
        guard descriptor >= 0 else {
            let code = errno
            let hint = code == ENOENT && path.hasPrefix("~") ? "; only a shell expands ~, so write the whole path" : ""
            throw CaptureError(
                .cannotOpen, "\(name) cannot be opened: \(systemMessage(code))\(hint)", call: "open", errno: code)
        }
        do throws(CaptureError) {
            try Self.checkRegular(descriptor, name)
        } catch {
            close(descriptor)
            throw error
        }
        try self.init(fileDescriptor: descriptor, name: name, use: use, cancellation: cancellation)
    }

    /// Reads from an open descriptor, which must be seekable, and closes it at the end or on failure.
    ///
    /// - Parameter name: its name in `format.device` and in messages.
    package convenience init(fileDescriptor: Int32, name: String) throws(CaptureError) {
        try self.init(fileDescriptor: fileDescriptor, name: name, use: nil, cancellation: nil)
    }

    private init(
        fileDescriptor: Int32, name: String, use: ChannelSelection?, cancellation: Int32?
    ) throws(CaptureError) {
        do throws(CaptureError) {
            let choice = try Self.choose(fileDescriptor, name, cancellation)
            format = choice.decoder.format
            try Self.check(format, name)
            let listened = try use.listened(ofChannels: format.channels, device: name)
            (decoder, shape, absence) = choice
            mixer = ChannelMixer(
                encoding: .float32, channels: format.channels, rate: format.sampleRate, listened: listened)
            interleaved = OwnedBuffer(repeating: 0, count: Self.framesPerRead * format.channels)
        } catch {
            close(fileDescriptor)
            throw error
        }
        self.name = name
        self.cancellation = cancellation
        descriptor = fileDescriptor
    }

    deinit { close(descriptor) }

    // MARK: Which decoder

    private static func choose(
        _ descriptor: Int32, _ name: String, _ cancellation: Int32?
    ) throws(CaptureError) -> (decoder: any FileDecoder, shape: AudioFileShape?, absence: CaptureError?) {
        try refusePage(descriptor, name)
        let shape = AudioFileShape.scan(descriptor)
        var refusal: CaptureError?
        if let shape, !shape.isPlain {
            do throws(CaptureError) {
                return (try ConfinedDecoder(descriptor, name: name, cancellation: cancellation), shape, nil)
            } catch {
                refusal = error
            }
        }
        let reason: CaptureError
        do throws(CaptureError) {
            return (try SndfileDecoder(descriptor, name: name), shape, refusal)
        } catch {
            reason = error
        }
        do throws(CaptureError) {
            if let refusal { throw refusal }
            let decoder = try ConfinedDecoder(descriptor, name: name, cancellation: cancellation)
            // What was cut out of a broadcast begins within a frame.
            let late = decoder.format.encoding == "MP3" ? AudioFileShape.scan(descriptor, beginsAnywhere: true) : nil
            return (decoder, shape ?? late, nil)
        } catch {
            throw refused(descriptor, name, by: reason, and: error)
        }
    }

    /// Refuses a web page that was saved under the name of the audio that it should have been: ffmpeg can take text for audio.
    private static func refusePage(_ descriptor: Int32, _ name: String) throws(CaptureError) {
        var file = FileBytes(descriptor)
        let start = (0..<64).compactMap { file.byte($0) }.drop { $0 <= 32 }
        let isPage = Array(start).withUnsafeBytes { StreamKind.isPage($0) }
        if isPage { throw CaptureError(.unreadable, "\(name) is a web page, not audio") }
        if file.count == 0 { throw CaptureError(.unreadable, "\(name) is empty") }
    }

    /// The error for a file that neither decoder reads.
    private static func refused(
        _ descriptor: Int32, _ name: String, by sndfile: CaptureError, and ffmpeg: CaptureError
    ) -> CaptureError {
        var file = FileBytes(descriptor)
        if file.has("#EXTM3U", at: 0) || file.has("[playlist]", at: 0) {
            return CaptureError(.unreadable, "\(name) is a playlist, not audio; give the files that it names")
        }
        switch ffmpeg.code {
        case .cannotOpen:
            return CaptureError(
                .unreadable,
                "\(name) is not readable audio: \(sndfile.message); WAV, FLAC, Ogg, Opus and MP3 are supported, and what "
                    + "ffmpeg decodes where it can be used, but \(ffmpeg.message)",
                call: sndfile.call, errno: sndfile.errno)
        case .formatMismatch: return CaptureError(.formatMismatch, "\(name): \(ffmpeg.message)")
        default:
            return CaptureError(
                .unreadable, "\(name) is not readable audio: \(sndfile.message); ffmpeg says: \(ffmpeg.message)",
                call: sndfile.call, errno: sndfile.errno)
        }
    }

    private static func check(_ format: StreamFormat, _ name: String) throws(CaptureError) {
        if !RequestedFormat.channelCounts.contains(format.channels) {
            throw CaptureError(
                .formatMismatch,
                "\(name) has \(format.channels) channels; 1 to 64 are supported; ffmpeg -i FILE -ac 2 out.flac mixes them"
            )
        }
        if !RequestedFormat.rates.contains(format.sampleRate) {
            throw CaptureError(
                .formatMismatch,
                "\(name) has a rate of \(format.sampleRate) Hz; 8000 to 192000 Hz are supported; "
                    + "ffmpeg -i FILE -ar 48000 out.flac converts it")
        }
    }

    // MARK: Reading

    /// Reads the next samples, the mean of the channels, full scale ±1; fills `mono` unless the file ends first.
    ///
    /// - Returns: how many were read; 0 at the end.
    package func read(into mono: UnsafeMutableBufferPointer<Float>) -> Int {
        var done = 0
        while done < mono.count {
            let wanted = min(mono.count - done, Self.framesPerRead)
            var frames = decoder.read(interleaved.pointer, frames: wanted)
            if frames == 0, continueByFFmpeg() { frames = decoder.read(interleaved.pointer, frames: wanted) }
            guard frames > 0 else {
                isAtEnd = true
                break
            }
            position += frames
            let bytes = UnsafeRawBufferPointer(start: interleaved.pointer, count: frames * mixer.bytesPerFrame)
            done += mixer.mix(bytes, into: UnsafeMutableBufferPointer(rebasing: mono[done...])).count
        }
        return done
    }

    /// Hands over to ffmpeg where libsndfile stops before the length that the file claims. Returns whether there may be
    /// more.
    private func continueByFFmpeg() -> Bool {
        guard handover == nil, absence == nil, let claimed = decoder.claimedFrames, position < claimed
        else { return false }
        do throws(CaptureError) {
            let other = try ConfinedDecoder(descriptor, name: name, cancellation: cancellation)
            guard other.format.sampleRate == format.sampleRate, other.format.channels == format.channels else {
                return false
            }
            var skipped = 0
            while skipped < position {
                let count = other.read(interleaved.pointer, frames: min(position - skipped, Self.framesPerRead))
                guard count > 0 else { return false }
                skipped += count
            }
            handover = position
            self.claimed = claimed
            decoder = other
            return true
        } catch {
            absence = error
            return false
        }
    }

    /// The length in frames that the file claimed before ffmpeg took over.
    private var claimed: Int?

    /// What was not heard, known once the file has been read to its end.
    package var losses: FileLosses {
        guard isAtEnd else { return FileLosses() }
        func seconds(_ frames: Int) -> Double { Double(frames) / Double(format.sampleRate) }
        var losses = decoder.losses
        if let absence, shape != nil {
            losses = FileLosses()
            losses.stop =
                "from \(FileLosses.place(seconds(position))) on it is joined or damaged, which only ffmpeg decodes, but "
                + absence.message
        } else if let known = shape?.losses {
            let stop = losses.stop
            losses = known
            losses.stop = stop
        } else if let claimed = claimed ?? decoder.claimedFrames, claimed > position {
            let stop = losses.stop
            losses = FileLosses()
            losses.stop = stop
            if let handover, position > handover {
                losses.add(seconds(claimed - position), at: seconds(handover))
            } else {
                losses.missingSeconds = seconds(claimed - position)
            }
        }
        return losses
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

    /// Goes back to the first sample. Returns false for a file that cannot: a damaged one, for example.
    package func rewind() -> Bool {
        guard decoder.rewind() else { return false }
        position = 0
        isAtEnd = false
        return true
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
}
