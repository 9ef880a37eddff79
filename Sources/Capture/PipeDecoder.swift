// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CKernels

/// Decodes the bytes of a pipe, one stream after another: raw PCM as the URI describes it, or WAV as its header does.
///
/// A stream ends with its writer. If the next writer (in a shell loop around ffmpeg, for example) was quicker than the reader, no
/// end is seen; the decoder then finds its WAV header among the bytes, so that its rate is used all the same. A header
/// that says nothing new, as segmenters write one before each segment, continues the stream.
struct PipeDecoder {
    enum Output {
        case opened(StreamFormat)
        case samples(UnsafeBufferPointer<Float>)
        case noticed(SourceNotice)
        /// This stream is skipped instead of decoded.
        case refused(CaptureError)
    }

    private enum State {
        case start
        case audio(left: UInt64?)
        /// After audio whose length the header gave: other chunks, the next WAV, or more audio.
        case trailer
        case skipping(UInt64)
        case refused
    }

    /// The most bytes that have to be kept until more come: a piece of a header, or a partial frame and what may be the
    /// beginning of a header.
    static let longestRest = max(
        WAVHeaderParser.longestPiece,
        RequestedFormat.channelCounts.upperBound * PCMEncoding.float64.bytes + longestDoubt)
    /// Bytes that may or may not be the beginning of a header: one more tells.
    private static let longestDoubt = 11
    /// The fewest samples of working memory: a frame, and the beginning of a header, even if a frame is one byte.
    private static let fewestSamples = longestDoubt + 1

    private let device: String
    private let requested: RequestedFormat
    private let use: ChannelSelection?
    private var state = State.start
    private var parser = WAVHeaderParser()
    /// The format of the open stream; nil while none is open.
    private var open: StreamFormat?
    private var mixer: ChannelMixer?
    /// Judges the beginning of a stream.
    private var judge: FormatJudge?
    /// A stream was opened or refused during the present `decode`.
    private var hasBegun = false

    /// Bytes of a second of the open stream's audio; nil while none is open.
    var bytesPerSecond: Int? {
        guard let open, let mixer else { return nil }
        return open.sampleRate * mixer.bytesPerFrame
    }

    /// - Parameters:
    ///   - device: the pipe's name in `StreamFormat` and messages.
    ///   - use: the channels that are listened to; nil for all.
    init(device: String, requested: RequestedFormat, use: ChannelSelection? = nil) {
        self.device = device
        self.use = use
        self.requested = requested
    }

    /// Decodes as much as it can, up to the opening or refusal of a stream. Opening a stream costs more than anything else:
    /// other pipes have their turn in between, and the event is handled before more data comes.
    ///
    /// - Parameters:
    ///   - bytes: the new bytes, after those left over from the last call.
    ///   - atEnd: whether nothing follows; leftover bytes are then dropped, and the next call begins a new stream.
    ///   - mono: working memory, at least `fewestSamples`; no more samples than it holds are emitted at once.
    /// - Returns: the number of bytes used, and whether the rest needs more data; the rest is then at most `longestRest`
    ///   bytes.
    mutating func decode(
        _ bytes: UnsafeRawBufferPointer, atEnd: Bool, mono: UnsafeMutableBufferPointer<Float>,
        emit: (Output) -> Void
    ) -> (used: Int, isDone: Bool) {
        precondition(mono.count >= Self.fewestSamples, "too little working memory")
        var used = 0
        hasBegun = false
        while let step = advance(UnsafeRawBufferPointer(rebasing: bytes[used...]), atEnd, mono, emit) {
            used += step
            if hasBegun && !atEnd { return (used, false) }
        }
        guard atEnd else { return (used, true) }
        if case .start = state, !parser.isAtStart {
            refuse(CaptureError(.unreadable, "\(device): the stream ended inside its WAV header"), emit)
        }
        begin()
        open = nil
        return (bytes.count, true)
    }

    /// Takes one step. Returns how many bytes of `rest` it used, perhaps none; nil if it needs more.
    private mutating func advance(
        _ rest: UnsafeRawBufferPointer, _ atEnd: Bool, _ mono: UnsafeMutableBufferPointer<Float>,
        _ emit: (Output) -> Void
    ) -> Int? {
        switch state {
        case .start:
            return begin(rest, atEnd, emit)
        case .audio(let left):
            guard let mixer else { return nil }
            if let left, left < mixer.bytesPerFrame {
                state = .skipping(left)
                return 0
            }
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(mono.count * mixer.bytesPerFrame))
            let end = min(UInt64(piece.count), left ?? .max)
            let next = Self.nextHeader(in: piece, atEnd && piece.count == rest.count)
            let audio = UnsafeRawBufferPointer(rebasing: piece[..<min(Int(end), next?.offset ?? .max)])
            let whole = audio.count - audio.count % mixer.bytesPerFrame
            if whole > 0 {
                emit(.samples(mixer.mix(audio, into: mono)))
                if let notice = mixer.takeNotice() { emit(.noticed(SourceNotice(notice))) }
                if let verdict = judge?.look(at: UnsafeRawBufferPointer(rebasing: audio[..<whole])) {
                    emit(.noticed(.doubtfulFormat(verdict, mixer.encoding, channels: mixer.channels)))
                }
                if judge?.isDone == true { judge = nil }
                state = .audio(left: left.map { $0 - UInt64(whole) })
                return whole
            }
            if let next, next.isWhole, next.offset == audio.count {
                // The bytes before the header are the partial frame of a writer that died.
                begin()
                return audio.count
            }
            return nil
        case .trailer:
            guard rest.count >= 13 else { return nil }
            // Chunks are padded to an even length, but not by every writer.
            for padding in 0...(rest[0] == 0 ? 1 : 0) {
                let next = UnsafeRawBufferPointer(rebasing: rest[padding...])
                if WAVHeaderParser.beginsWAV(next) == true {
                    begin()
                    return padding
                }
                if let length = Self.chunkLength(next) {
                    state = .skipping(length)
                    return padding
                }
            }
            // The length in the header was wrong, as those of streamers are; the audio goes on.
            state = .audio(left: nil)
            return 0
        case .skipping(let count):
            if rest.isEmpty, count > 0 { return nil }
            let taken = min(count, UInt64(rest.count))
            state = taken == count ? .trailer : .skipping(count - taken)
            return Int(taken)
        case .refused:
            guard !rest.isEmpty else { return nil }
            guard let next = Self.nextHeader(in: rest, atEnd) else { return rest.count }
            if next.isWhole {
                begin()
            } else if next.offset == 0 {
                return nil
            }
            return next.offset
        }
    }

    private mutating func begin() {
        state = .start
        parser = WAVHeaderParser()
    }

    /// Begins a stream: a WAV header, or raw PCM if the URI describes it.
    private mutating func begin(_ rest: UnsafeRawBufferPointer, _ atEnd: Bool, _ emit: (Output) -> Void) -> Int? {
        var consumed = 0
        do throws(CaptureError) {
            switch try parser.parse(rest, consumed: &consumed) {
            case .needsMore:
                // Fewer bytes than the first twelve of a header may be a whole raw stream, a very short one.
                guard atEnd, consumed == 0, !rest.isEmpty, parser.isAtStart else {
                    return consumed > 0 ? consumed : nil
                }
                try open(raw: rest, emit)
            case .notWAV:
                try open(raw: rest, emit)
            case .header(let header):
                try open(header, emit)
            }
        } catch {
            hasBegun = true
            refuse(error, emit)
        }
        return consumed
    }

    private mutating func open(_ header: WAVHeader, _ emit: (Output) -> Void) throws(CaptureError) {
        let contradictions = [
            requested.rate.flatMap { $0 == header.sampleRate ? nil : "\(header.sampleRate) Hz, not \($0)" },
            requested.channels.flatMap { $0 == header.channels ? nil : "\(header.channels) channels, not \($0)" },
            requested.format.flatMap { header.encoding.satisfies($0) ? nil : "\(header.encoding.name), not \($0)" },
        ].compactMap(\.self)
        guard contradictions.isEmpty else {
            throw CaptureError(
                .formatMismatch,
                "\(device): its WAV header contradicts the URI: \(contradictions.joined(separator: "; ")); "
                    + "leave the options out to use the header")
        }
        try open(
            format(header.sampleRate, header.channels, header.encoding), header.encoding, isFromHeader: true, emit)
        state = .audio(left: header.dataBytes)
    }

    private mutating func open(
        raw bytes: UnsafeRawBufferPointer, _ emit: (Output) -> Void
    ) throws(CaptureError) {
        if let kind = StreamKind.name(bytes) {
            throw CaptureError(
                .unreadable,
                "\(device): this is \(kind), and a pipe must carry WAV or raw PCM; "
                    + "decode it first: ffmpeg -i - -f wav -")
        }
        guard let rate = requested.rate, let channels = requested.channels, let format = requested.format else {
            let missing = requested.options.compactMap { $1 == nil ? $0 : nil }.joined(separator: ", ")
            throw CaptureError(
                .unreadable,
                "\(device): there is no WAV header, so the URI must give the format of the raw PCM, "
                    + "and it lacks \(missing); write ?rate=48000&channels=2&format=s16le, for example, or send WAV")
        }
        let encoding = PCMEncoding(format)
        try open(self.format(rate, channels, encoding), encoding, isFromHeader: false, emit)
        state = .audio(left: nil)
    }

    private mutating func open(
        _ format: StreamFormat, _ encoding: PCMEncoding, isFromHeader: Bool, _ emit: (Output) -> Void
    ) throws(CaptureError) {
        if format == open, encoding == mixer?.encoding { return }
        mixer = ChannelMixer(
            encoding: encoding, channels: format.channels, rate: format.sampleRate,
            listened: try use.listened(ofChannels: format.channels, device: device))
        judge = FormatJudge(
            encoding: encoding, channels: format.channels, rate: format.sampleRate, isFromHeader: isFromHeader)
        open = format
        hasBegun = true
        emit(.opened(format))
    }

    private func format(_ rate: Int, _ channels: Int, _ encoding: PCMEncoding) -> StreamFormat {
        StreamFormat(sampleRate: rate, channels: channels, encoding: encoding.name, device: device)
    }

    private mutating func refuse(_ error: CaptureError, _ emit: (Output) -> Void) {
        state = .refused
        open = nil
        emit(.refused(error))
    }

    /// Finds the next WAV header. It `isWhole` if its first twelve bytes are there; else it may be one.
    private static func nextHeader(
        in bytes: UnsafeRawBufferPointer, _ atEnd: Bool
    ) -> (offset: Int, isWhole: Bool)? {
        guard let base = bytes.baseAddress else { return nil }
        var offset = 0
        while true {
            // Safe: the offset is at most `bytes.count`.
            offset += genred_find_header(base + offset, bytes.count - offset)
            guard offset < bytes.count else { return nil }
            switch WAVHeaderParser.beginsWAV(UnsafeRawBufferPointer(rebasing: bytes[offset...])) {
            case true?: return (offset, true)
            case nil where !atEnd: return (offset, false)
            default: offset += 1
            }
        }
    }

    /// The whole length of the chunk that begins here, or nil if it does not look like a chunk.
    private static func chunkLength(_ bytes: UnsafeRawBufferPointer) -> UInt64? {
        let size = UInt64(bytes.littleEndian(UInt32.self, at: 4))
        let isName = bytes.prefix(4).allSatisfy { (0x20..<0x7F).contains($0) }
        return isName && size <= WAVHeaderParser.longestHeader ? 8 + size + (size & 1) : nil
    }
}
