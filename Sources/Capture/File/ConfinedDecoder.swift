// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Decodes by ffmpeg, in a process that can do nothing else (`DecoderProcess`).
final class ConfinedDecoder: FileDecoder {
    let format: StreamFormat
    /// ffmpeg says how much it has decoded only when it has.
    let claimedFrames: Int? = nil
    private(set) var losses = FileLosses()

    private let descriptor: Int32
    private let cancellation: Int32?
    private let patience: Double
    private var process: DecoderProcess
    /// Bytes that came with the header.
    private var pending: ArraySlice<UInt8>
    /// Frames since the beginning.
    private var position = 0

    /// Seconds without any output after which ffmpeg hangs.
    static let patience = 30.0
    /// Seconds of audio: a week. A small file can claim to be silent for ever.
    private static let longest = 7 * 86_400

    /// Starts a decoder on a regular file, whose descriptor must stay open and which is read from its beginning.
    ///
    /// - Parameter cancellation: a descriptor that becomes readable when the file is no longer wanted.
    /// - Throws: `cannotOpen` if ffmpeg is not there or cannot be confined, `unreadable` with its reason if it refuses the
    ///   file, `formatMismatch` for a rate or a number of channels that is not supported.
    init(
        _ descriptor: Int32, name: String, cancellation: Int32? = nil, patience: Double = ConfinedDecoder.patience
    ) throws(CaptureError) {
        self.descriptor = descriptor
        self.cancellation = cancellation
        self.patience = patience
        process = try DecoderProcess(file: descriptor, cancellation: cancellation, patience: patience)
        let header: WAVHeader
        (header, pending) = try Self.header(process)
        format = StreamFormat(
            sampleRate: header.sampleRate, channels: header.channels, encoding: process.messages.encoding ?? "ffmpeg",
            device: name)
    }

    /// Reads the header that ffmpeg writes before the first sample, and returns what follows it.
    private static func header(_ process: DecoderProcess) throws(CaptureError) -> (WAVHeader, ArraySlice<UInt8>) {
        var parser = WAVHeaderParser()
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = buffer.withUnsafeMutableBytes { process.read($0) }
            guard count > 0 else { throw CaptureError(.unreadable, refusal(process)) }
            bytes += buffer[..<count]
            var consumed = 0
            let step: WAVHeaderParser.Step
            do {
                step = try bytes.withUnsafeBytes { try parser.parse($0, consumed: &consumed) }
            } catch {
                // Its own header is sound: only the range of rates and channels can be the reason.
                throw CaptureError(.formatMismatch, (error as? CaptureError)?.message ?? "\(error)")
            }
            bytes.removeFirst(consumed)
            switch step {
            case .header(let header) where header.encoding == .float32: return (header, bytes[...])
            case .needsMore: continue
            case .header, .notWAV: throw CaptureError(.unreadable, "ffmpeg writes something else than was asked for")
            }
        }
    }

    /// Why there was no audio.
    private static func refusal(_ process: DecoderProcess) -> String {
        switch process.failure {
        case .cancelled: return "it is no longer wanted"
        case .failed, nil: break
        }
        let reason: String =
            if case .failed(let reason) = process.failure { reason } else { "it holds no audio" }
        if reason.contains("matches no streams") { return "it holds no audio" }
        // It knows the file by its number only.
        let named = reason.firstRange(of: "/proc/self/fd/3: ").map { String(reason[$0.upperBound...]) } ?? reason
        return named.hasPrefix("Format not on whitelist") ? "it is of a format that ffmpeg may not read here" : named
    }

    func read(_ samples: UnsafeMutablePointer<Float>, frames count: Int) -> Int {
        let frameBytes = 4 * format.channels
        let bytes = UnsafeMutableRawBufferPointer(start: samples, count: count * frameBytes)
        var filled = 0
        while filled < bytes.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
            let taken: Int
            if pending.isEmpty {
                taken = process.read(rest)
            } else {
                taken = min(rest.count, pending.count)
                rest.copyBytes(from: pending.prefix(taken))
                pending = pending.dropFirst(taken)
            }
            if taken == 0 { break }
            filled += taken
        }
        let frames = filled / frameBytes
        position += frames
        if filled < bytes.count {
            finish()
        } else if position > Self.longest * format.sampleRate {
            process.fail("it has not ended after \(Self.longest / 86_400) days of audio")
        }
        return frames
    }

    private func finish() {
        let seconds = Double(position) / Double(format.sampleRate)
        var messages = process.messages
        messages.finish(heard: seconds)
        losses = messages.losses
        if case .failed(let reason) = process.failure {
            losses.stop = "nothing is heard from \(FileLosses.place(seconds)) on: \(reason)"
        }
    }

    func rewind() -> Bool {
        do throws(CaptureError) {
            let process = try DecoderProcess(file: descriptor, cancellation: cancellation, patience: patience)
            (_, pending) = try Self.header(process)
            self.process = process
        } catch {
            return false
        }
        position = 0
        return true
    }
}
