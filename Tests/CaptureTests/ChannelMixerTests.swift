// SPDX-License-Identifier: GPL-3.0-or-later

import TestSupport
import Testing

@testable import Capture

struct ChannelMixerTests {
    private func mix(_ bytes: [UInt8], _ encoding: PCMEncoding, _ channels: Int) -> [Float] {
        let mixer = ChannelMixer(encoding: encoding, channels: channels, rate: 48_000)
        let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: bytes.count / mixer.bytesPerFrame)
        defer { room.deallocate() }
        return bytes.withUnsafeBytes { Array(mixer.mix($0, into: room)) }
    }

    /// The largest error of one step of an encoding, in full scales.
    private func step(_ encoding: PCMEncoding) -> Float {
        switch encoding {
        case .uint8, .int8: 1 / 128
        case .int16, .int16Big, .uint16, .uint16Big: 1 / 32_768
        case .int24Packed, .int24PackedBig, .int24InFour, .int24InFourBig: 1 / 8_388_608
        case .int32, .int32Big, .float32, .float32Big, .float64, .float64Big: 1e-7
        // The steps grow with the level; the largest is a sixteenth of the highest octave.
        case .aLaw, .muLaw: 1 / 32
        }
    }

    @Test(arguments: PCMEncoding.allCases, [1, 2, 3, 8, 64])
    func `equal channels give the sample itself`(encoding: PCMEncoding, channels: Int) {
        let samples: [Float] = (0..<97).map { Float($0 - 48) / 49 } + [-1, 0, 1, 0.25]
        let mono = mix(Signals.encode(samples, encoding, channels: channels), encoding, channels)
        #expect(mono.count == samples.count)
        for (got, sent) in zip(mono, samples) { #expect(abs(got - sent) <= step(encoding) * 1.01 + 1e-6) }
    }

    @Test(arguments: PCMEncoding.allCases, [1, 2, 3, 8, 64])
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
        let (least16, least24): (Float, Float) = (1 / 32_768, 1 / 8_388_608)
        #expect(mix([0, 0x80, 0xFF, 0x7F, 1, 0], .int16, 1) == [-1, 1 - least16, least16])
        #expect(mix([0, 0, 0x80, 0xFF, 0xFF, 0xFF], .int24Packed, 1) == [-1, -least24])
        #expect(mix([0, 0, 0x80, 0x12, 0xFF, 0xFF, 0xFF, 0], .int24InFour, 1) == [-1, -least24])
        #expect(mix([0, 0, 0, 0x80], .int32, 1) == [-1])
        #expect(mix([0, 0x80, 0xFF, 0x7F], .int16, 2) == [-least16 / 2])
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

    // MARK: Channels that cancel

    /// Mixes frames, each given by all of its channels, in pieces of random sizes; returns samples and notices.
    private func mix(
        _ frames: [[Float]], listened: [Int]? = nil, seed: UInt64 = 1
    ) -> (mono: [Float], notices: [ChannelNotice]) {
        let channels = frames[0].count
        let mixer = ChannelMixer(encoding: .float32, channels: channels, rate: 48_000, listened: listened)
        let bytes = Signals.encode(frames.flatMap(\.self), .float32)
        let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: 5000)
        defer { room.deallocate() }
        var (mono, notices, random) = ([Float](), [ChannelNotice](), SplitMix(state: seed))
        bytes.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 1...5000, using: &random) * mixer.bytesPerFrame)
                mono += mixer.mix(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), into: room)
                if let notice = mixer.takeNotice() { notices.append(notice) }
                start = end
            }
        }
        return (mono, notices)
    }

    private func power(_ samples: some Collection<Float>) -> Float {
        samples.reduce(0) { $0 + $1 * $1 } / Float(samples.count)
    }

    private let music = noise(seconds: 4, rate: 48_000)

    @Test(arguments: [Float(-1), -0.99, -0.9], [Float(0), 0.2])
    func `an inverted channel is heard, whatever its offset, and is reported once`(gain: Float, offset: Float) {
        let (mono, notices) = mix(music.map { [$0, gain * $0 + offset] })
        #expect(notices == [.cancel(channels: [1, 2], heard: nil)])
        #expect(notices[0].text?.contains("left and right cancel: one is inverted?") == true)
        let settled = mono.suffix(48_000).map { $0 + offset / 2 }
        #expect(power(settled) > 0.8 * power(music), "from a second on, what a listener hears")
        for (sample, sent) in zip(settled, music.suffix(48_000)) {
            #expect(abs(sample - (1 - gain) / 2 * sent) < 1e-5)
        }
    }

    @Test(arguments: [0.5, 2], [Float(1), -1])
    func `a rumble that nobody hears neither hides an inverted channel nor makes one`(frequency: Double, side: Float) {
        let rumble = Signals.sine(frequency, rate: 48_000, seconds: 4, amplitude: 0.8)
        let both = zip(music, rumble)
        #expect(mix(both.map { [$0 + $1, -$0 + side * $1] }).notices == [.cancel(channels: [1, 2], heard: nil)])
        #expect(mix(both.map { [$0 + $1, $0 + side * $1] }).notices.isEmpty)
        #expect(mix(rumble.map { [$0, side * $0] }).notices.isEmpty)
    }

    @Test func `ordinary stereo is the plain mean, however wide or one-sided`() {
        let other = noise(seconds: 4, rate: 48_000, seed: 2)
        for frames in [
            music.map { [$0, $0] }, zip(music, other).map { [$0, $1] }, music.map { [$0, 0] }, music.map { [0, $0] },
            // A wide mix: the sides 6 dB above the middle.
            zip(music, other).map { [0.5 * $0 + $1, 0.5 * $0 - $1] }, music.map { [0.3, $0 - 0.3] },
            // Nothing but opposite offsets, and the quietest noise.
            music.map { _ in [0.5, -0.5] }, music.map { [1e-5 * $0, -1e-5 * $0] },
        ] {
            let (mono, notices) = mix(frames)
            #expect(notices.isEmpty)
            #expect(zip(mono, frames).allSatisfy { abs($0 - ($1[0] + $1[1]) / 2) < 1e-6 })
        }
    }

    @Test func `when the channels agree again their mean is heard, and no change-over clicks`() {
        let tone = Signals.sine(440, rate: 48_000, seconds: 4)
        let frames = tone.map { [$0, -$0] } + tone.map { [$0, $0] }
        let (mono, notices) = mix(frames)
        #expect(notices == [.cancel(channels: [1, 2], heard: nil), .agree])
        #expect(power(mono.suffix(96_000)) > 0.99 * power(tone))
        // While the tone's channels agree, their difference is nothing; every step is that of a fade or of the tone.
        let steepest = zip(tone, tone.dropFirst()).map { abs($0 - $1) }.max() ?? 0
        #expect(zip(mono.dropFirst(), mono.prefix(190_000)).allSatisfy { abs($0 - $1) < 1.1 * steepest })
    }

    @Test func `of more channels that cancel, the loudest is heard`() {
        let (mono, notices) = mix(music.map { [0.5 * $0, -$0, 0.5 * $0, 0] })
        #expect(notices == [.cancel(channels: [1, 2, 3, 4], heard: 2)])
        #expect(zip(mono.suffix(48_000), music.suffix(48_000)).allSatisfy { abs($0 + $1) < 1e-6 })
        #expect(mix(music.map { [0, 0, 0, $0, 0, 0, 0, 0] }).notices.isEmpty, "seven silent channels cancel nothing")
    }

    @Test func `chosen channels are heard and no others, whatever these hold`() {
        let frames = music.map { [.nan, $0, .infinity, 0.5 * $0] }
        let (one, _) = mix(frames, listened: [1])
        #expect(one == music)
        let (two, _) = mix(frames, listened: [1, 3])
        #expect(zip(two, music).allSatisfy { abs($0 - 0.75 * $1) < 1e-6 })
        let (inverted, notices) = mix(music.map { [0, $0, 0, -$0] }, listened: [1, 3])
        #expect(notices == [.cancel(channels: [2, 4], heard: nil)])
        #expect(power(inverted.suffix(48_000)) > 0.9 * power(music))
    }

    @Test func `samples that are not finite decide nothing`() {
        var frames = music.map { [$0, $0] }
        frames[5000] = [.nan, .infinity]
        let (mono, notices) = mix(frames + music.map { [$0, -$0] })
        #expect(notices == [.cancel(channels: [1, 2], heard: nil)])
        #expect(power(mono.suffix(48_000)) > 0.9 * power(music))
    }

    @Test func `G.711 is decoded by its tables`() {
        for code in 0..<256 {
            #expect(abs(mix([UInt8(code)], .aLaw, 1)[0] - G711.aLaw[code]) < 1e-6)
            #expect(abs(mix([UInt8(code)], .muLaw, 1)[0] - G711.muLaw[code]) < 1e-3)
        }
    }
}
