// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// An audio file, played at its own speed or read as fast as the sink takes it.
struct FileSource: SourceBody {
    /// Seconds of audio per block.
    private static let block = 0.04

    let path: String
    let pace: SourceURI.Pace
    let loops: Bool
    let use: ChannelSelection?

    let isRealTime = false
    var threadName: String { "file \(path.split(separator: "/").last ?? "")" }

    func run(into gate: SinkGate, until signal: StopSignal) {
        do throws(CaptureError) {
            let reader = try AudioFileReader(
                path: path, use: use, cancellation: signal.fileDescriptor)
            gate.handle(.opened(reader.format))
            try play(reader, gate, signal)
            if !signal.isRaised { gate.handle(.ended(nil)) }
        } catch {
            gate.handle(.ended(error))
        }
    }

    private func play(_ reader: AudioFileReader, _ gate: SinkGate, _ signal: StopSignal) throws(CaptureError) {
        let rate = Double(reader.format.sampleRate)
        let samples = OwnedBuffer<Float>(repeating: 0, count: Int(rate * Self.block))
        var clock = pace == .realtime ? PlaybackClock(rate: rate) : nil
        // Frames since the beginning of the file.
        var position = 0
        var isReported = false
        while !signal.isRaised {
            let count = reader.read(into: samples.elements)
            if count == 0 {
                if signal.isRaised { return }
                guard position > 0 else {
                    throw CaptureError(
                        .unreadable, "\(reader.format.device) holds no audio, or is damaged at its start")
                }
                if !isReported, case let losses = reader.losses, !losses.isEmpty {
                    gate.handle(.damaged(losses))
                }
                isReported = true
                guard loops else { return }
                guard reader.rewind() else {
                    throw CaptureError(
                        .readFailed, "\(reader.format.device) cannot be read a second time; leave out loop=true",
                        call: "rewind")
                }
                position = 0
                continue
            }
            // A block is passed on once it has been played, not before.
            guard clock?.wait(for: count, signal) ?? true else { return }
            gate.process(UnsafeBufferPointer(samples.elements.extracting(..<count)))
            if let notice = reader.takeNotice() { gate.handle(.noticed(SourceNotice(notice))) }
            position += count
        }
    }
}

/// Computes when a frame is due. It counts from the first one, so that the errors of the waits do not add up.
private struct PlaybackClock {
    /// Seconds that playback may lag (a suspended machine, a sink that was full); after more it goes on from now instead
    /// of catching up.
    private static let longestLag = 1.0

    private let rate: Double
    private var start = monotonicSeconds()
    private var frames = 0

    init(rate: Double) {
        self.rate = rate
    }

    /// Waits until `count` more frames have been played. Returns whether to go on.
    mutating func wait(for count: Int, _ signal: StopSignal) -> Bool {
        frames += count
        let due = start + Double(frames) / rate
        let now = monotonicSeconds()
        if now - due > Self.longestLag { start += now - due }
        return signal.wait(due - now)
    }
}
