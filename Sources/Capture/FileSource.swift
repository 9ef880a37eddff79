// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// An audio file, played at its own speed or read as fast as the sink takes it.
final class FileSource: AudioSource {
    let isRealTime = false
    let isPolled = false

    /// Seconds of audio delivered at once.
    private static let block = 0.04

    private let path: String
    private let pace: SourceURI.Pace
    private let loops: Bool
    private let thread: SourceThread

    init(path: String, pace: SourceURI.Pace, loops: Bool) {
        self.path = path
        self.pace = pace
        self.loops = loops
        thread = SourceThread(name: "file \(path.split(separator: "/").last ?? "")")
    }

    func start(_ sink: any AudioSink, pipes: PipeReader) {
        thread.start(sink) { [path, pace, loops] gate, signal in
            do throws(CaptureError) {
                let reader = try AudioFileReader(path: path)
                gate.handle(.opened(reader.format))
                try Self.play(reader, pace, loops, gate, signal)
                if !signal.isRaised { gate.handle(.ended(nil)) }
            } catch {
                gate.handle(.ended(error))
            }
        }
    }

    func stop() { thread.stop() }

    private static func play(
        _ reader: AudioFileReader, _ pace: SourceURI.Pace, _ loops: Bool, _ gate: SinkGate, _ signal: StopSignal
    ) throws(CaptureError) {
        let rate = Double(reader.format.sampleRate)
        let samples = UnsafeMutableBufferPointer<Float>.allocate(capacity: Int(rate * block))
        defer { samples.deallocate() }
        var clock = pace == .realtime ? PlaybackClock(rate: rate) : nil
        // Frames since the beginning of the file.
        var position = 0
        while !signal.isRaised {
            let count = reader.read(into: samples)
            if count == 0 {
                guard position > 0 else {
                    throw CaptureError(
                        .unreadable, "\(reader.format.device) holds no audio, or is damaged at its start")
                }
                guard loops else { return }
                guard reader.rewind() else {
                    throw CaptureError(
                        .readFailed, "\(reader.format.device) cannot be read a second time; leave loop=true out",
                        call: "sf_seek")
                }
                position = 0
                continue
            }
            // Sound comes when it has been played, not before.
            guard clock?.wait(for: count, signal) ?? true else { return }
            gate.deliver(UnsafeBufferPointer(rebasing: samples[..<count]))
            position += count
        }
    }
}

/// Says when a frame is due. Counted from the first one, so that no error of a wait adds to the next.
private struct PlaybackClock {
    /// Seconds that playback may lag (a suspended machine, a sink that was full) before it goes on from now
    /// instead of catching up.
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
