// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The encodings of a sample that devices, pipes and files deliver.
package enum SampleFormat: String, Sendable, CaseIterable {
    case s16le, s24le, s32le, f32le
}

/// What a source delivers, as it was negotiated or read from a header.
package struct StreamFormat: Sendable, Equatable {
    /// Hz, 8 000 to 192 000.
    package var sampleRate: Int
    /// 1 to 8; they are averaged before they leave Capture.
    package var channels: Int
    /// The encoding, for people: `S16`, `S24`, `S32`, `float`, `FLAC`, …
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

/// What a source tells of itself, apart from samples.
package enum CaptureEvent: Sendable {
    /// A device, pipe or file was opened; what is delivered from here on is a new stream in this format.
    case opened(StreamFormat)
    /// Open and waiting: a FIFO without a writer, a PulseAudio source that is suspended. `opened` follows before audio.
    case waiting(String)
    /// The device itself lost audio (an xrun, a hole); capture goes on.
    case overrun
    /// The device is gone or fails; it is being reopened for ever. Told once, and again only for another reason.
    /// Of a FIFO: what its writer sends cannot be read; the next one is waited for.
    case lost(CaptureError)
    /// The source is finite and at its end (nil), or cannot ever be read (a file that is no audio).
    case ended(CaptureError?)
}

/// Who takes what a source captures. Called by one thread at a time, most of it on the one that captures; `deliver` must not
/// allocate or lock, and neither may stop the source.
package protocol AudioSink: AnyObject, Sendable {
    func handle(_ event: CaptureEvent)

    /// Takes mono samples (the mean of the channels, full scale ±1) at the rate last announced by `opened`.
    ///
    /// A sink for a device takes them at once, dropping the oldest it holds when it is full; a sink for a file may block
    /// until there is room, and returns early when the source is being stopped. A sink for a pipe takes what a pipe
    /// holds (64 KiB) after it said that it `hasRoom`.
    func deliver(_ samples: UnsafeBufferPointer<Float>)

    /// Asked before a pipe is read; if not, it is asked again after `PipeReader.wake`.
    var hasRoom: Bool { get }
}

extension AudioSink {
    /// What takes everything at once, drops what is too much or waits itself, is never full.
    package var hasRoom: Bool { true }
}

/// Something that can be listened to: an ALSA PCM, a PulseAudio source, a pipe, a file.
package protocol AudioSource: AnyObject, Sendable {
    /// Whether what is not read in time is lost (a device) or waits for its reader (a pipe, a file).
    var isRealTime: Bool { get }

    /// Whether samples are delivered on the thread that runs the pipe reader (a pipe) or on one of the source's own.
    var isPolled: Bool { get }

    /// Starts capturing; everything is told to `sink` from then on.
    ///
    /// - Parameter pipes: reads the source if it is a pipe; the others, whose libraries wait as they like, have a thread
    ///   of their own.
    func start(_ sink: any AudioSink, pipes: PipeReader)

    /// Stops for good, within a fraction of a second, and returns when nothing more will reach the sink. A sink that
    /// blocks in `deliver` must be told to return first. May be called again, and by several threads.
    func stop()
}
