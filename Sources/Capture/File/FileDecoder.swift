// SPDX-License-Identifier: GPL-3.0-or-later

/// Decodes an audio file to interleaved samples. One thread at a time may use it.
protocol FileDecoder: AnyObject {
    /// Rate, channels and encoding of the file.
    var format: StreamFormat { get }

    /// The length in frames (samples of a channel) that the file claims; nil if it claims none, or none to rely on.
    var claimedFrames: Int? { get }

    /// Decodes up to `count` frames, full scale ±1. Returns how many there were; 0 at the end.
    func read(_ samples: UnsafeMutablePointer<Float>, frames count: Int) -> Int

    /// Goes back to the first frame. Returns false if that fails.
    func rewind() -> Bool

    /// What was lost so far, as far as the decoder notices.
    var losses: FileLosses { get }
}
