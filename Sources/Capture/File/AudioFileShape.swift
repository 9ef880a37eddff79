// SPDX-License-Identifier: GPL-3.0-or-later

/// How an MP3, Ogg, FLAC or WAV file is put together.
///
/// libsndfile decodes one recording of such a file, up to its first hole, and does not tell that there is more.
struct AudioFileShape {
    /// Whether it is one recording without a hole: what libsndfile decodes whole.
    var isPlain: Bool
    /// What of it cannot be decoded; nil if its decoder knows that itself.
    var losses: FileLosses?

    /// Scans a file; nil if it is of another kind, whose decoder notices itself.
    ///
    /// - Parameter beginsAnywhere: whether an MP3's first frame may be behind other data.
    static func scan(_ descriptor: Int32, beginsAnywhere: Bool = false) -> AudioFileShape? {
        OggScan.shape(descriptor) ?? WholeFileScan.shape(descriptor)
            ?? MPEGScan.shape(descriptor, beginsAnywhere: beginsAnywhere)
    }
}
