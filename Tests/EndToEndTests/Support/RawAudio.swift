// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Audio as bytes.
enum RawAudio {
    /// Stereo, s16le: a tone so quiet (-53 dB) that the high byte of each sample is 0 or 255. Who reads it from the
    /// wrong byte on hears noise at almost full scale.
    static func quietTone(seconds: Double, rate: Int = 44_100) -> [UInt8] {
        (0..<Int(seconds * Double(rate))).flatMap { frame in
            let sample = Int16((100 * sin(2 * .pi * 440 * Double(frame) / Double(rate))).rounded())
            let bytes = [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)]
            return bytes + bytes
        }
    }

    /// A WAV header in front of `quietTone`.
    ///
    /// - Parameter dataBytes: what it says of the length.
    static func header(rate: Int = 44_100, dataBytes: UInt32) -> [UInt8] {
        func little(_ value: UInt32, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
        }
        return Array("RIFF".utf8) + little(dataBytes &+ 36, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(1, 2)
            + little(2, 2) + little(UInt32(rate), 4) + little(UInt32(4 * rate), 4) + little(4, 2) + little(16, 2)
            + Array("data".utf8) + little(dataBytes, 4)
    }
}

/// The writing end of a FIFO that somebody reads.
final class PipeWriter: Sendable {
    private let descriptor: Int32

    /// Waits a few seconds for the reader.
    init(_ path: String) async throws {
        var opened: Int32 = -1
        _ = try await wait(5) {
            opened = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            return opened >= 0
        }
        guard opened >= 0 else { throw Programs.Failure(description: "nobody reads \(path)") }
        _ = fcntl(opened, F_SETFL, 0)
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// Writes everything, as fast as it is read. Returns false when the reader has gone.
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
