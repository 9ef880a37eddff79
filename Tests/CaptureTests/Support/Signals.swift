// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport

@testable import Capture

/// Signals and the bytes that carry them.
enum Signals {
    /// Samples of a sine.
    static func sine(_ frequency: Double, rate: Int, seconds: Double, amplitude: Float = 0.5) -> [Float] {
        (0..<Int(seconds * Double(rate))).map {
            amplitude * Float(sin(2 * .pi * frequency * Double($0) / Double(rate)))
        }
    }

    /// Encodes mono samples as interleaved frames, each sample in every channel.
    static func encode(_ samples: [Float], _ encoding: PCMEncoding, channels: Int = 1) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(samples.count * channels * encoding.bytes)
        for sample in samples {
            for _ in 0..<channels { append(sample, encoding, to: &bytes) }
        }
        return bytes
    }

    static func append(_ sample: Float, _ encoding: PCMEncoding, to bytes: inout [UInt8]) {
        func append(_ number: some FixedWidthInteger, _ count: Int) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0.prefix(count)) }
        }
        func big(_ number: some FixedWidthInteger, _ count: Int) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0.prefix(count).reversed()) }
        }
        func integer(_ fullScale: Double) -> Int32 {
            Int32(max(-fullScale, min(fullScale - 1, (Double(sample) * fullScale).rounded())))
        }
        switch encoding {
        case .uint8: append(integer(128) + 128, 1)
        case .int8: append(integer(128), 1)
        case .int16: append(integer(32_768), 2)
        case .int16Big: big(integer(32_768), 2)
        case .uint16: append(integer(32_768) + 32_768, 2)
        case .uint16Big: big(integer(32_768) + 32_768, 2)
        case .int24Packed: append(integer(8_388_608), 3)
        case .int24PackedBig: big(integer(8_388_608), 3)
        // The fourth byte may hold anything.
        case .int24InFour: append(UInt32(bitPattern: integer(8_388_608)) & 0xFF_FFFF | 0x5A00_0000, 4)
        case .int24InFourBig: big(UInt32(bitPattern: integer(8_388_608)) & 0xFF_FFFF | 0x5A00_0000, 4)
        case .int32: append(integer(2_147_483_648), 4)
        case .int32Big: big(integer(2_147_483_648), 4)
        case .float32: append(sample.bitPattern, 4)
        case .float32Big: big(sample.bitPattern, 4)
        case .float64: append(Double(sample).bitPattern, 8)
        case .float64Big: big(Double(sample).bitPattern, 8)
        // The code whose value is nearest, by search, so that the test does not repeat the decoder's formula.
        case .aLaw: bytes.append(G711.nearest(sample, G711.aLaw))
        case .muLaw: bytes.append(G711.nearest(sample, G711.muLaw))
        }
    }

    /// A WAV file or stream.
    ///
    /// - Parameters:
    ///   - dataSize: the length in the header; nil for the true one.
    ///   - chunks: other chunks before the audio.
    static func wav(
        _ samples: [Float], rate: Int, channels: Int = 1, _ encoding: PCMEncoding = .int16, dataSize: UInt32? = nil,
        isExtensible: Bool = false, chunks: [(name: String, bytes: Int)] = []
    ) -> [UInt8] {
        let audio = encode(samples, encoding, channels: channels)
        return header(
            rate: rate, channels: channels, encoding, dataSize: dataSize ?? UInt32(audio.count),
            isExtensible: isExtensible, chunks: chunks) + audio
    }

    static func header(
        rate: Int, channels: Int, _ encoding: PCMEncoding, dataSize: UInt32, isExtensible: Bool = false,
        chunks: [(name: String, bytes: Int)] = []
    ) -> [UInt8] {
        WAV.header(
            rate: rate, channels: channels, bits: encoding.bytes * 8, isFloat: encoding == .float32,
            isExtensible: isExtensible, chunks: chunks, riffBytes: .max, dataBytes: dataSize)
    }

    /// Writes bytes to a new file and returns its path.
    static func file(_ bytes: [UInt8], _ name: String = "signal.wav") throws -> String {
        let path = TestEnvironment.path(name)
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    /// The frequency of a signal in Hz, by the median distance of its upward zero crossings, so that the gaps of a starved
    /// player do not count.
    static func frequency(_ samples: [Float], rate: Int) -> Double {
        // Interpolated between samples, because a distance in whole samples would be too coarse.
        let crossings = zip(samples, samples.dropFirst()).enumerated().compactMap { index, pair in
            pair.0 < 0 && pair.1 >= 0 ? Double(index) - Double(pair.0) / Double(pair.1 - pair.0) : nil
        }
        let distances = zip(crossings.dropFirst(), crossings).map { $0 - $1 }.sorted()
        return distances.isEmpty ? 0 : Double(rate) / distances[distances.count / 2]
    }
}

/// The values of ITU-T G.711's codes, from the standard's tables of decision and quantised values: segments that double
/// their steps.
enum G711 {
    /// The value of each code, full scale ±1.
    static let aLaw = (0..<256).map { code -> Float in
        // Table 1a: 16 steps of 2 in the first two segments, then doubling, on a scale of 4096; even bits are inverted.
        let (segment, step) = ((code ^ 0x55) >> 4 & 7, (code ^ 0x55) & 15)
        let start = segment == 0 ? 0 : 32 << (segment - 1)
        let width = segment == 0 ? 2 : 2 << (segment - 1)
        let value = Float(start + step * width) + Float(width) / 2
        return ((code ^ 0x55) & 0x80 != 0 ? value : -value) / 4096
    }
    static let muLaw = (0..<256).map { code -> Float in
        // Table 2a: on a scale of 8159 (here of 8192), steps of 2 in the first segment, then doubling; all bits are inverted.
        let (segment, step) = ((code ^ 0xFF) >> 4 & 7, (code ^ 0xFF) & 15)
        let value = Float((33 + 2 * step) << segment - 33)
        return ((code ^ 0xFF) & 0x80 != 0 ? -value : value) / 8192
    }

    static func nearest(_ sample: Float, _ values: [Float]) -> UInt8 {
        UInt8(values.indices.min { abs(values[$0] - sample) < abs(values[$1] - sample) } ?? 0)
    }
}
