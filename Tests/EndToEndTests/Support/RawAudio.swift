// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport

/// Bytes of audio.
enum RawAudio {
    /// A tone in stereo, s16le, so quiet (-53 dB) that the high byte of each sample is 0 or 255. Read from the wrong byte
    /// on, it is noise at almost full scale.
    static func quietTone(seconds: Double, rate: Int = 44_100) -> [UInt8] {
        (0..<Int(seconds * Double(rate))).flatMap { frame in
            let sample = Int16((100 * sin(2 * .pi * 440 * Double(frame) / Double(rate))).rounded())
            let bytes = [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)]
            return bytes + bytes
        }
    }

    /// A WAV header in front of `quietTone`.
    ///
    /// - Parameter dataBytes: the length that it states.
    static func header(rate: Int = 44_100, dataBytes: UInt32) -> [UInt8] {
        WAV.header(rate: rate, channels: 2, dataBytes: dataBytes)
    }
}

/// The writing end of a FIFO that has a reader.
final class PipeWriter: Sendable {
    private let descriptor: Int32

    /// Waits a few seconds for the reader.
    init(_ path: String) async throws {
        var opened: Int32 = -1
        _ = await eventually(within: 5) {
            opened = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            return opened >= 0
        }
        guard opened >= 0 else { throw Programs.Failure(description: "\(path) has no reader") }
        _ = fcntl(opened, F_SETFL, 0)
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// Writes everything, as fast as the reader reads. Returns false if the reader has gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0 { return false }
            written += count
        }
        return true
    }
}
