// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Capture

struct MonoMixerTests {
    private func mix(_ bytes: [UInt8], _ encoding: PCMEncoding, _ channels: Int) -> [Float] {
        let mixer = MonoMixer(encoding: encoding, channels: channels)
        let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: bytes.count / mixer.bytesPerFrame)
        defer { room.deallocate() }
        return bytes.withUnsafeBytes { Array(mixer.mix($0, into: room)) }
    }

    /// The largest error of one step of an encoding, in full scales.
    private func step(_ encoding: PCMEncoding) -> Float {
        switch encoding {
        case .int16: 1 / 32_768
        case .int24Packed, .int24InFour: 1 / 8_388_608
        case .int32, .float32: 1e-7
        }
    }

    @Test(arguments: PCMEncoding.allCases, 1...8)
    func `equal channels give the sample itself`(encoding: PCMEncoding, channels: Int) {
        let samples: [Float] = (0..<97).map { Float($0 - 48) / 49 } + [-1, 0, 1, 0.25]
        let mono = mix(Signals.encode(samples, encoding, channels: channels), encoding, channels)
        #expect(mono.count == samples.count)
        for (got, sent) in zip(mono, samples) { #expect(abs(got - sent) <= step(encoding) * 1.01) }
    }

    @Test(arguments: PCMEncoding.allCases, 1...8)
    func `different channels give their mean`(encoding: PCMEncoding, channels: Int) {
        var random = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        var means: [Float] = []
        for _ in 0..<61 {
            let frame = (0..<channels).map { _ in Float.random(in: -1...1, using: &random) }
            for sample in frame { Signals.append(sample, encoding, to: &bytes) }
            means.append(frame.reduce(0, +) / Float(channels))
        }
        let mono = mix(bytes, encoding, channels)
        #expect(mono.count == means.count)
        for (got, mean) in zip(mono, means) { #expect(abs(got - mean) <= 1.01 * step(encoding) + 1e-6) }
    }

    @Test func `full scale is -1, and samples are decoded exactly`() {
        #expect(mix([0, 0x80, 0xFF, 0x7F, 1, 0], .int16, 1) == [-1, 32_767 / 32_768, 1 / 32_768])
        #expect(mix([0, 0, 0x80, 0xFF, 0xFF, 0xFF], .int24Packed, 1) == [-1, -1 / 8_388_608])
        #expect(mix([0, 0, 0x80, 0x12, 0xFF, 0xFF, 0xFF, 0], .int24InFour, 1) == [-1, -1 / 8_388_608])
        #expect(mix([0, 0, 0, 0x80], .int32, 1) == [-1])
        #expect(mix([0, 0x80, 0xFF, 0x7F], .int16, 2) == [-0.5 / 32_768])
    }

    @Test func `not-a-number and infinity pass through unchanged`() {
        let mono = mix(Signals.encode([.nan, .infinity, -.infinity], .float32), .float32, 1)
        #expect(mono[0].isNaN && mono[1] == .infinity && mono[2] == -.infinity)
    }

    @Test(arguments: PCMEncoding.allCases)
    func `a partial frame at the end is ignored`(encoding: PCMEncoding) {
        let bytes = Signals.encode([0.5, 0.5], encoding, channels: 2)
        for length in 0..<bytes.count {
            #expect(mix(Array(bytes[..<length]), encoding, 2).count == length / (2 * encoding.bytes))
        }
    }
}
