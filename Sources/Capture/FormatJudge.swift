// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Judges by the first seconds of a stream whether its samples are what they are said to be.
///
/// Neighbouring samples of sound are alike. Read with the wrong byte order or width they are not, so that an encoding in
/// which they are alike betrays itself beside a declared one in which they are not. The rate cannot be told this way. It
/// neither allocates nor keeps any audio, and has nothing to do once it has decided.
struct FormatJudge {
    /// Bytes of one look, at most and at least.
    private static let most = 8192
    private static let least = 2048
    /// Seconds of audio between two looks, so that they see different moments.
    private static let interval = 0.1
    /// Seconds of audio after which it gives up in any case.
    private static let patience = 60.0

    enum Verdict: Equatable {
        case encoding(SampleFormat)
        case channels(Int)
        /// Floating-point samples that are no numbers, or far beyond full scale.
        case noNumbers
        /// Each byte is as likely as any other.
        case compressed
        /// Frames of AC-3, DTS or the like in place of samples (IEC 61937).
        case digitalOutput
    }

    private(set) var isDone = false
    private let encoding: PCMEncoding
    private let channels: Int
    /// Whether a header says so; then only what no samples can be is doubted.
    private let isFromHeader: Bool
    private let bytesPerSecond: Double
    private var bytesHeard = 0
    private var nextLook = 0
    private var votes = FormatVotes()

    init(encoding: PCMEncoding, channels: Int, rate: Int, isFromHeader: Bool) {
        self.encoding = encoding
        self.channels = channels
        self.isFromHeader = isFromHeader
        bytesPerSecond = Double(encoding.bytes * channels * rate)
    }

    /// Looks at some audio, which begins with a whole frame. Returns a verdict at most once.
    mutating func look(at audio: UnsafeRawBufferPointer) -> Verdict? {
        defer { bytesHeard += audio.count }
        guard !isDone, bytesHeard >= nextLook else { return nil }
        guard audio.count >= Self.least else {
            // A slow pipe comes in pieces that are too small to tell.
            isDone = hasHeardEnough
            return nil
        }
        let bytes = UnsafeRawBufferPointer(rebasing: audio.prefix(Self.most))
        // Silence says nothing.
        guard let first = bytes.first, bytes.contains(where: { $0 != first }) else {
            isDone = hasHeardEnough
            return nil
        }
        nextLook = bytesHeard + Int(Self.interval * bytesPerSecond)
        switch votes.count(judge(bytes)) {
        case .decided(let verdict):
            isDone = true
            return verdict
        case .open:
            isDone = hasHeardEnough
            return nil
        }
    }

    private var hasHeardEnough: Bool { Double(bytesHeard) > Self.patience * bytesPerSecond }

    private func judge(_ bytes: UnsafeRawBufferPointer) -> Verdict? {
        if encoding.bytes == 2, Self.hasDigitalOutput(bytes) { return .digitalOutput }
        if Self.isUniform(bytes) { return .compressed }
        guard !isFromHeader else { return nil }
        if encoding == .int32 || encoding == .int32Big, hasSamplesInLowHalves(bytes) {
            return .encoding(encoding == .int32 ? .s16le : .s16be)
        }
        if let verdict = judgeChannels(bytes) { return verdict }
        let declared = roughness(as: encoding, bytes)
        if declared.isWild || (0.7...1.4).contains(declared.value) {
            var best: (format: SampleFormat, value: Float)?
            for format in Self.alternatives where PCMEncoding(format) != encoding {
                let other = roughness(as: PCMEncoding(format), bytes)
                if !other.isWild, !other.isTiny, other.value < min(0.2, best?.value ?? 1) {
                    best = (format, other.value)
                }
            }
            if let best { return .encoding(best.format) }
            return declared.isWild ? .noNumbers : nil
        }
        // With the wrong sign all that is quiet lies near full scale.
        if declared.loud > 0.9, let format = signTwin {
            let other = roughness(as: PCMEncoding(format), bytes)
            return other.loud < 0.1 && other.value < 0.5 * declared.value && !other.isTiny ? .encoding(format) : nil
        }
        return nil
    }

    // MARK: Encodings

    /// What a declared format is compared with: what is padded looks like too much else.
    private static let alternatives = SampleFormat.allCases.filter { ![.s24in32le, .s24in32be].contains($0) }

    /// The format that differs in the sign alone.
    private var signTwin: SampleFormat? {
        switch encoding {
        case .uint8: .s8
        case .int8: .u8
        case .int16: .u16le
        case .uint16: .s16le
        case .int16Big: .u16be
        case .uint16Big: .s16be
        default: nil
        }
    }

    /// How little neighbouring samples of a channel are alike: near 0 for sound, 1 for noise.
    private struct Roughness {
        var value: Float = 1
        /// Not all samples are numbers near full scale.
        var isWild = false
        /// Nothing that could be heard.
        var isTiny = false
        /// The share of samples beyond half of full scale.
        var loud: Float = 0
    }

    private func roughness(as encoding: PCMEncoding, _ bytes: UnsafeRawBufferPointer) -> Roughness {
        switch encoding {
        case .uint8: roughness(SampleCodes.UInt8Code.self, bytes)
        case .int8: roughness(SampleCodes.Int8Code.self, bytes)
        case .int16: roughness(SampleCodes.Int16Code.self, bytes)
        case .int16Big: roughness(SampleCodes.Int16BigCode.self, bytes)
        case .uint16: roughness(SampleCodes.UInt16Code.self, bytes)
        case .uint16Big: roughness(SampleCodes.UInt16BigCode.self, bytes)
        case .int24Packed: roughness(SampleCodes.Int24Code.self, bytes)
        case .int24PackedBig: roughness(SampleCodes.Int24BigCode.self, bytes)
        case .int24InFour: roughness(SampleCodes.Int24InFourCode.self, bytes)
        case .int24InFourBig: roughness(SampleCodes.Int24InFourBigCode.self, bytes)
        case .int32: roughness(SampleCodes.Int32Code.self, bytes)
        case .int32Big: roughness(SampleCodes.Int32BigCode.self, bytes)
        case .float32: roughness(SampleCodes.Float32Code.self, bytes)
        case .float32Big: roughness(SampleCodes.Float32BigCode.self, bytes)
        case .float64: roughness(SampleCodes.Float64Code.self, bytes)
        case .float64Big: roughness(SampleCodes.Float64BigCode.self, bytes)
        case .aLaw: roughness(SampleCodes.ALawCode.self, bytes)
        case .muLaw: roughness(SampleCodes.MuLawCode.self, bytes)
        }
    }

    private func roughness<Code: SampleCode>(_: Code.Type, _ bytes: UnsafeRawBufferPointer) -> Roughness {
        // A frame of another size begins elsewhere in the stream.
        let frame = Code.bytes * channels
        let skipped = (frame - bytesHeard % frame) % frame
        guard let start = bytes.baseAddress else { return Roughness() }
        let base = start + skipped
        let count = (bytes.count - skipped) / Code.bytes
        guard count > 2 * channels else { return Roughness() }
        // Safe: every sample read ends before bytes.count.
        func sample(_ index: Int) -> Double { Double(Code.load(base + index * Code.bytes) / Code.fullScale) }
        var (sum, square, steps, wild, loud) = (0.0, 0.0, 0.0, 0, 0)
        // Zeros at even and at odd places: one half of wider samples.
        var zeros = (even: 0, odd: 0)
        for index in 0..<count {
            let value = sample(index)
            guard abs(value) < 1000 else {
                wild += 1
                continue
            }
            if value == 0 { if index & 1 == 0 { zeros.even += 1 } else { zeros.odd += 1 } }
            if abs(value) > 0.5 { loud += 1 }
            sum += value
            square += value * value
            if index >= channels {
                let before = sample(index - channels)
                if abs(before) < 1000 { steps += (value - before) * (value - before) }
            }
        }
        let power = square / Double(count) - (sum / Double(count)) * (sum / Double(count))
        if wild * 100 > count { return Roughness(isWild: true) }
        let half = count / 2
        if power < 1e-9 || zeros.even >= half || zeros.odd >= half { return Roughness(isTiny: true) }
        return Roughness(
            value: Float(steps / Double(count - channels) / (2 * power)), isTiny: power > 64,
            loud: Float(loud) / Float(count))
    }

    /// Whether the low halves of 32-bit samples are sound, too; they would be noise, or zero.
    private func hasSamplesInLowHalves(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let isBig = encoding == .int32Big
        let other = roughness(as: isBig ? .int16Big : .int16, bytes)
        guard !other.isWild, !other.isTiny, other.value < 0.2 else { return false }
        var (steps, square, before) = (0.0, 0.0, 0.0)
        let low = isBig ? 2 : 0
        for offset in stride(from: low, to: bytes.count - 3, by: 4 * channels) {
            let bits = bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self)
            let value = Double(isBig ? Int16(bigEndian: bits) : Int16(littleEndian: bits))
            if offset > low { steps += (value - before) * (value - before) }
            square += value * value
            before = value
        }
        return square > 0 && steps / (2 * square) < 0.2
    }

    // MARK: Channels

    private func judgeChannels(_ bytes: UnsafeRawBufferPointer) -> Verdict? {
        switch encoding {
        case .int16: judgeChannels(SampleCodes.Int16Code.self, bytes)
        case .int16Big: judgeChannels(SampleCodes.Int16BigCode.self, bytes)
        case .int24Packed: judgeChannels(SampleCodes.Int24Code.self, bytes)
        case .int32: judgeChannels(SampleCodes.Int32Code.self, bytes)
        case .float32: judgeChannels(SampleCodes.Float32Code.self, bytes)
        default: nil
        }
    }

    private func judgeChannels<Code: SampleCode>(_: Code.Type, _ bytes: UnsafeRawBufferPointer) -> Verdict? {
        guard let base = bytes.baseAddress, channels <= 2 else { return nil }
        let count = bytes.count / Code.bytes
        // Safe: every sample read ends before bytes.count.
        func sample(_ index: Int) -> Double { Double(Code.load(base + index * Code.bytes) / Code.fullScale) }
        // The power of the steps from one sample to the next, within frames of two and between them, and over two samples.
        var (within, between, two, power) = (0.0, 0.0, 0.0, 0.0)
        for index in stride(from: 2, to: count - 1, by: 2) {
            let (a, b, c, d) = (sample(index - 2), sample(index - 1), sample(index), sample(index + 1))
            within += (d - c) * (d - c)
            between += (c - b) * (c - b)
            power += c * c + d * d
            two += (c - a) * (c - a) + (d - b) * (d - b)
        }
        let one = within + between
        // Two channels have at most nothing in common, while the neighbours in a high tone are opposites.
        if channels == 1 { return two < 0.25 * one && two > 0 && one < 2.6 * power ? .channels(2) : nil }
        // As alike within a frame as from one frame to the next, and less alike two apart.
        let isEven = within < 1.25 * between && between < 1.25 * within
        return isEven && one > 0 && one < 0.4 * two ? .channels(1) : nil
    }

    // MARK: No samples at all

    /// Whether the bytes are as random as those of compressed data, wherever in a sample they are.
    static func isUniform(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Most streams are not compressed, and a few bytes show it.
        let few = UnsafeRawBufferPointer(rebasing: bytes.prefix(least))
        return hasAllValues(few, places: 4) && hasAllValues(bytes, places: 4) && hasAllValues(bytes, places: 3)
            && isUncorrelated(bytes)
    }

    /// Whether all values of a byte are about as frequent, at each place of a sample of so many bytes.
    private static func hasAllValues(_ bytes: UnsafeRawBufferPointer, places: Int) -> Bool {
        for place in 0..<places {
            var (sum, square, count) = (0.0, 0.0, 0.0)
            // A bit for each value that has occurred.
            var seen = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
            for index in stride(from: place, to: bytes.count, by: places) {
                let bit = UInt64(1) << (bytes[index] & 63)
                switch bytes[index] >> 6 {
                case 0: seen.0 |= bit
                case 1: seen.1 |= bit
                case 2: seen.2 |= bit
                default: seen.3 |= bit
                }
                let value = Double(bytes[index])
                sum += value
                square += value * value
                count += 1
            }
            let mean = sum / count
            // Those of the uniform distribution are 127.5 and 5461; the limits are six standard errors of a short look.
            guard abs(mean - 127.5) < 20, abs(square / count - mean * mean - 5461) < 1300 else { return false }
            let values =
                seen.0.nonzeroBitCount + seen.1.nonzeroBitCount + seen.2.nonzeroBitCount
                + seen.3.nonzeroBitCount
            guard Double(values) > 0.9 * 256 * (1 - exp(-count / 256)) else { return false }
        }
        return true
    }

    /// Whether a byte says nothing about the four after it. A short look would not do: the headers of compressed frames
    /// repeat themselves.
    private static func isUncorrelated(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for lag in 1...4 {
            var products = 0.0
            for index in lag..<bytes.count {
                products += (Double(bytes[index]) - 127.5) * (Double(bytes[index - lag]) - 127.5)
            }
            guard abs(products / Double(bytes.count - lag)) < 0.1 * 5461 else { return false }
        }
        return true
    }

    /// Whether the sync words of IEC 61937 are there, in either byte order.
    private static func hasDigitalOutput(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for offset in stride(from: 0, to: bytes.count - 3, by: 2) {
            let word = bytes.littleEndian(UInt32.self, at: offset)
            if word == 0x4E1F_F872 || word == 0x1F4E_72F8 { return true }
        }
        return false
    }
}
