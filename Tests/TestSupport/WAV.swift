// SPDX-License-Identifier: GPL-3.0-or-later

/// Bytes of WAV files and streams.
package enum WAV {
    /// A header, up to the first byte of audio.
    ///
    /// - Parameters:
    ///   - riffBytes: the length of the file that it states; by default it agrees with `dataBytes`.
    ///   - dataBytes: the length of the audio that it states, true or not.
    ///   - chunks: names and lengths of other chunks in front of the audio.
    package static func header(
        rate: Int, channels: Int = 1, bits: Int = 16, isFloat: Bool = false, isExtensible: Bool = false,
        chunks: [(name: String, bytes: Int)] = [], riffBytes: UInt32? = nil, dataBytes: UInt32
    ) -> [UInt8] {
        let code: UInt16 = isFloat ? 3 : 1
        let frame = channels * bits / 8
        var bytes = Array("RIFF".utf8) + little(riffBytes ?? dataBytes &+ 36) + Array("WAVE".utf8)
        for chunk in chunks {
            bytes += Array(chunk.name.utf8) + little(UInt32(chunk.bytes))
            bytes += [UInt8](repeating: 0x55, count: chunk.bytes + chunk.bytes % 2)
        }
        bytes += Array("fmt ".utf8) + little(UInt32(isExtensible ? 40 : 16))
        bytes += little(isExtensible ? 0xFFFE : code) + little(UInt16(channels)) + little(UInt32(rate))
        bytes += little(UInt32(rate * frame)) + little(UInt16(frame)) + little(UInt16(bits))
        if isExtensible {
            bytes += little(UInt16(22)) + little(UInt16(bits)) + little(UInt32(0)) + little(code)
            bytes += [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
        }
        return bytes + Array("data".utf8) + little(dataBytes)
    }

    /// A file of 16-bit samples, interleaved where there are several channels.
    package static func file(_ samples: [Int16], rate: Int, channels: Int = 1) -> [UInt8] {
        header(rate: rate, channels: channels, dataBytes: UInt32(2 * samples.count)) + samples.flatMap(little)
    }

    /// A mono file of samples from -1 to 1, as 16-bit integers.
    package static func file(_ samples: [Float], rate: Int) -> [UInt8] {
        file(samples.map { Int16(max(-1, min(1, $0)) * 32_767) }, rate: rate)
    }

    /// A number in little-endian order.
    package static func little(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}

extension TemporaryFolder {
    /// Writes a mono WAV file of 16-bit samples and returns its path.
    package func writeWAV(_ samples: [Float], rate: Int = 22_050, to name: String) throws -> String {
        try write(WAV.file(samples, rate: rate), to: name)
    }
}
