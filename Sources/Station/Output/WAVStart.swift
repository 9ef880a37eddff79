// SPDX-License-Identifier: GPL-3.0-or-later

/// The header of a WAV file that has no end: its sizes are the largest.
enum WAVStart {
    static let bytes: [UInt8] = {
        let (rate, channels) = (UInt32(DecoderPlan.rate), UInt32(DecoderPlan.channels))
        let frame = UInt32(DecoderPlan.frameBytes)
        var bytes = Array("RIFF".utf8) + little(.max, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
        bytes += little(1, 2) + little(channels, 2) + little(rate, 4) + little(rate * frame, 4)
        bytes += little(frame, 2) + little(16, 2) + Array("data".utf8) + little(.max, 4)
        return bytes
    }()

    private static func little(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
}
