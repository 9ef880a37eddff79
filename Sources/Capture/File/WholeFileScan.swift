// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Looks whether a FLAC or WAV file is what its beginning says: libsndfile decodes what is there of it, and does not tell that
/// there is more, or less.
enum WholeFileScan {
    /// The most bytes that the chunks of a WAV file are looked for in.
    private static let mostChunkBytes = 64 << 20
    /// A length from here on stands for one that was not known.
    private static let unknownLength: UInt64 = 0x7FFF_0000

    /// Scans a file; nil if it is whole, or neither FLAC nor WAV.
    static func shape(_ descriptor: Int32) -> AudioFileShape? {
        var file = FileBytes(descriptor)
        if file.has("fLaC", at: 0) { return joined(&file) }
        if file.has("RIFF", at: 0), file.has("WAVE", at: 8) { return cut(&file) }
        return nil
    }

    /// Another FLAC file behind the first.
    private static func joined(_ file: inout FileBytes) -> AudioFileShape? {
        for place in 4..<max(4, file.count - 42) where file.byte(place) == UInt8(ascii: "f") {
            // The block that every file begins with has 34 bytes.
            guard file.has("fLaC", at: place), let block = file.bigEndian(place + 4), block & 0x7FFF_FFFF == 34 else {
                continue
            }
            return AudioFileShape(isPlain: false, losses: nil)
        }
        return nil
    }

    /// A WAV file with less audio than it says.
    private static func cut(_ file: inout FileBytes) -> AudioFileShape? {
        var (place, bytesPerSecond) = (12, UInt64(0))
        while place < min(file.count, mostChunkBytes), let length = file.littleEndian(place + 4, bytes: 4) {
            if file.has("fmt ", at: place) {
                bytesPerSecond = file.littleEndian(place + 16, bytes: 4) ?? 0
            } else if file.has("data", at: place) {
                let there = UInt64(file.count - place - 8)
                guard length > there, length < unknownLength, bytesPerSecond > 0 else { return nil }
                var losses = FileLosses()
                losses.missingSeconds = Double(length - there) / Double(bytesPerSecond)
                return AudioFileShape(isPlain: true, losses: losses)
            }
            place += 8 + Int(length + length % 2)
        }
        return nil
    }
}
