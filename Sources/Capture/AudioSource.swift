// SPDX-License-Identifier: GPL-3.0-or-later

/// A source of audio. There are two kinds, by the thread that reads them.
package enum AudioSource: Sendable {
    /// A device or a file. Its library blocks as long as it likes, so it has a thread of its own.
    case threaded(ThreadedSource)
    /// Standard input or a FIFO. The thread that analyses it also reads it.
    case pipe(PipeSource)

    /// Whether audio that is not read in time is lost (a device) or waits for its reader (a pipe, a file).
    package var isRealTime: Bool {
        switch self {
        case .threaded(let source): source.isRealTime
        case .pipe: false
        }
    }

    /// Stops for good within a fraction of a second; when this returns, nothing more reaches the sink. A sink that
    /// blocks in `process` must be told to return first. Any thread may call this, more than once.
    package func stop() {
        switch self {
        case .threaded(let source): source.stop()
        case .pipe(let source): source.stop()
        }
    }
}

/// Receives what a source captures.
///
/// One thread at a time calls it. `process` must neither allocate nor lock, and neither function may stop the source.
package protocol AudioSink: AnyObject, Sendable {
    func handle(_ event: CaptureEvent)

    /// Takes mono samples (full scale ±1) at the rate that the last `opened` announced.
    ///
    /// A device's sink takes them at once, and drops its oldest samples when it is full. A file's sink may block until
    /// there is room, and returns early when the source is being stopped. A pipe's sink takes all of one read
    /// (`PipeReader.mostSeconds`), in several calls, once it has reported that it `hasRoom`.
    func process(_ samples: UnsafeBufferPointer<Float>)
}

/// Receives what a pipe carries, on the thread that reads it.
package protocol PipeSink: AudioSink {
    /// Whether one more read fits. `PipeReader` asks before each read, and again after `wake` if the answer was no.
    var hasRoom: Bool { get }
    /// What it has heard of the open stream, and with how much it will have something new to say; nil if that is not known.
    /// Until then, reading can wait.
    var demand: AudioDemand? { get }
}

extension PipeSink {
    package var demand: AudioDemand? { nil }
}

/// Seconds of a stream's audio: what has been heard of it, and what the next estimate needs.
package struct AudioDemand: Sendable {
    package var heard: Double
    package var next: Double

    package init(heard: Double, next: Double) {
        self.heard = heard
        self.next = next
    }
}

/// An event of a source, in order with its samples.
package enum CaptureEvent: Sendable {
    /// A device, pipe or file was opened: a new stream in this format begins.
    case opened(StreamFormat)
    /// Open, but no audio yet: a FIFO without a writer. `opened` precedes the audio.
    case waiting(String)
    /// The stream goes on, but nothing comes until `resumed`: the sound server has suspended the source.
    case suspended(SourceSuspension)
    /// It delivers again.
    case resumed
    /// Something about the stream is worth knowing, or no longer.
    case noticed(SourceNotice)
    /// Parts of the file were not heard. Reported once, at its end.
    case damaged(FileLosses)
    /// The device itself lost audio (an xrun, a hole); capture goes on.
    case overrun
    /// The device is gone or fails, and is reopened until that succeeds. Reported once, and again only for another
    /// reason. For a FIFO: its writer's data cannot be read, and the next writer is awaited.
    case lost(CaptureError)
    /// The source is finite and at its end (nil), or can never be read (a file that is not audio).
    case ended(CaptureError?)
}

/// The sample encodings that devices and pipes deliver, by the names of ffmpeg and, for 24 bits in four bytes, PulseAudio.
package enum SampleFormat: String, Sendable, CaseIterable {
    case u8, s8, s16le, s16be, u16le, u16be, s24le, s24be
    case s24in32le = "s24-32le"
    case s24in32be = "s24-32be"
    case s32le, s32be, f32le, f32be, f64le, f64be, alaw, mulaw
}

/// The format of a stream, as negotiated with the device or read from a header.
package struct StreamFormat: Sendable, Equatable {
    /// Hz, 8 000 to 192 000.
    package var sampleRate: Int
    /// 1 to 64; they become one before they leave Capture (`ChannelMixer`).
    package var channels: Int
    /// The encoding's display name: `S16`, `S24`, `S32`, `float`, `FLAC`, …
    package var encoding: String
    /// The device or file that was really opened.
    package var device: String

    package init(sampleRate: Int, channels: Int, encoding: String, device: String) {
        self.sampleRate = sampleRate
        self.channels = channels
        self.encoding = encoding
        self.device = device
    }
}
