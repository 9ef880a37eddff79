// SPDX-License-Identifier: GPL-3.0-or-later

/// The header of a frame of MPEG audio (MP1, MP2, MP3).
///
/// Source: ISO/IEC 11172-3 and 13818-3, 2.4.1.3. libmpg123, which libsndfile has inside, does not say where a file is
/// damaged or joined, so it is read here.
struct MPEGHeader: Equatable {
    /// 1, 2 or 3.
    var layer: Int
    /// Whether it is MPEG-1; else it is MPEG-2 or its extension 2.5 to lower rates.
    var isFirst: Bool
    /// Hz.
    var rate: Int
    var isMono: Bool
    /// Bytes with the header.
    var length: Int

    /// Samples of a channel.
    var samples: Int { layer == 1 ? 384 : layer == 3 && !isFirst ? 576 : 1152 }

    /// Bytes between a frame's beginning and the place where encoders write `Xing` or `Info`.
    var informationOffset: Int {
        switch (isFirst, isMono) {
        case (true, false): 36
        case (true, true), (false, false): 21
        case (false, true): 13
        }
    }

    private static let kilobits: [[Int]] = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ]

    /// Reads a header; nil if this is none, or one of a free bit rate, which has no length.
    init?(_ bits: UInt32) {
        let version = bits >> 19 & 3
        let layerCode = bits >> 17 & 3
        let rateIndex = Int(bits >> 12 & 15)
        let frequency = Int(bits >> 10 & 3)
        guard bits >> 21 == 0x7FF, version != 1, layerCode != 0, (1...14).contains(rateIndex), frequency < 3 else {
            return nil
        }
        layer = 4 - Int(layerCode)
        isFirst = version == 3
        rate = [44_100, 48_000, 32_000][frequency] >> (version == 3 ? 0 : version == 2 ? 1 : 2)
        isMono = bits >> 6 & 3 == 3
        let table = isFirst ? layer - 1 : layer == 1 ? 3 : 4
        let bitRate = Self.kilobits[table][rateIndex - 1] * 1000
        let padding = Int(bits >> 9 & 1)
        length = 0
        length =
            layer == 1 ? (12 * bitRate / rate + padding) * 4 : samples / 8 * bitRate / rate + padding
    }

    /// Whether another frame can be of the same recording.
    func continues(_ other: MPEGHeader) -> Bool {
        layer == other.layer && isFirst == other.isFirst && rate == other.rate && isMono == other.isMono
    }
}
