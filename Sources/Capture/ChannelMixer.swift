// SPDX-License-Identifier: GPL-3.0-or-later

/// Turns interleaved frames of any encoding into mono samples, full scale ±1: the mean of the channels that are listened
/// to.
///
/// Where these channels cancel each other (one of two is inverted, as by a miswired plug), their mean is nearly nothing,
/// though a listener hears the music. The mixer then changes over to their difference or, of more than two, to the loudest
/// one, until they no longer cancel. One thread at a time may use it.
final class ChannelMixer {
    let encoding: PCMEncoding
    let channels: Int

    /// The channels that are listened to, from 0.
    private let listened: [Int]
    /// The same from 1, as people count.
    private let numbers: [Int]
    /// The weight of each of them, now and after the present change-over.
    private var weights: [Float]
    private var nextWeights: [Float]
    /// Frames of a change-over, and those of the present one that are left: short enough to be causal, long enough not to
    /// click.
    private let fadeFrames: Int
    private var fadeLeft = 0
    private var watch: CancellationWatch
    private var notice: ChannelNotice?

    /// - Parameters:
    ///   - rate: frames per second.
    ///   - listened: the channels that are listened to, from 0; nil for all.
    init(encoding: PCMEncoding, channels: Int, rate: Int, listened: [Int]? = nil) {
        self.encoding = encoding
        self.channels = channels
        self.listened = listened ?? Array(0..<channels)
        numbers = self.listened.map { $0 + 1 }
        weights = [Float](repeating: 1 / Float(self.listened.count), count: self.listened.count)
        nextWeights = weights
        fadeFrames = max(1, rate / 50)
        watch = CancellationWatch(channels: self.listened.count, rate: rate)
    }

    var bytesPerFrame: Int { encoding.bytes * channels }

    /// Returns what has changed since the last call, if anything has.
    func takeNotice() -> ChannelNotice? {
        guard notice != nil else { return nil }
        defer { notice = nil }
        return notice
    }

    /// Mixes the whole frames in `bytes`; a partial one at the end is left alone.
    ///
    /// - Parameter mono: memory for at least `bytes.count / bytesPerFrame` samples.
    /// - Returns: the samples written, at the start of `mono`.
    func mix(
        _ bytes: UnsafeRawBufferPointer, into mono: UnsafeMutableBufferPointer<Float>
    ) -> UnsafeBufferPointer<Float> {
        let frames = bytes.count / bytesPerFrame
        precondition(frames <= mono.count, "the mono buffer is too short")
        guard frames > 0, let input = bytes.baseAddress, let output = mono.baseAddress else {
            return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(mono)[..<0])
        }
        // Safe below: every frame read ends before bytes.count, every sample written before mono.count.
        switch encoding {
        case .uint8: mix(SampleCodes.UInt8Code.self, input, frames, into: output)
        case .int8: mix(SampleCodes.Int8Code.self, input, frames, into: output)
        case .int16: mix(SampleCodes.Int16Code.self, input, frames, into: output)
        case .int16Big: mix(SampleCodes.Int16BigCode.self, input, frames, into: output)
        case .uint16: mix(SampleCodes.UInt16Code.self, input, frames, into: output)
        case .uint16Big: mix(SampleCodes.UInt16BigCode.self, input, frames, into: output)
        case .int24Packed: mix(SampleCodes.Int24Code.self, input, frames, into: output)
        case .int24PackedBig: mix(SampleCodes.Int24BigCode.self, input, frames, into: output)
        case .int24InFour: mix(SampleCodes.Int24InFourCode.self, input, frames, into: output)
        case .int24InFourBig: mix(SampleCodes.Int24InFourBigCode.self, input, frames, into: output)
        case .int32: mix(SampleCodes.Int32Code.self, input, frames, into: output)
        case .int32Big: mix(SampleCodes.Int32BigCode.self, input, frames, into: output)
        case .float32: mix(SampleCodes.Float32Code.self, input, frames, into: output)
        case .float32Big: mix(SampleCodes.Float32BigCode.self, input, frames, into: output)
        case .float64: mix(SampleCodes.Float64Code.self, input, frames, into: output)
        case .float64Big: mix(SampleCodes.Float64BigCode.self, input, frames, into: output)
        case .aLaw: mix(SampleCodes.ALawCode.self, input, frames, into: output)
        case .muLaw: mix(SampleCodes.MuLawCode.self, input, frames, into: output)
        }
        return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(mono)[..<frames])
    }

    /// Inlined once for each encoding.
    @inline(__always)
    private func mix<Code: SampleCode>(
        _ code: Code.Type, _ input: UnsafeRawPointer, _ frames: Int, into output: UnsafeMutablePointer<Float>
    ) {
        if fadeLeft == 0, listened.count == channels, !watch.cancels {
            mixMean(code, input, frames, into: output)
        } else {
            mixWeighted(code, input, frames, into: output)
        }
        if listened.count > 1 { observe(code, input, frames) }
    }

    /// One and two channels have loops of their own, which the compiler vectorises.
    @inline(__always)
    private func mixMean<Code: SampleCode>(
        _: Code.Type, _ input: UnsafeRawPointer, _ frames: Int, into output: UnsafeMutablePointer<Float>
    ) {
        let scale = 1 / (Code.fullScale * Float(channels))
        switch channels {
        case 1:
            for frame in 0..<frames {
                output[frame] = Code.load(input + frame &* Code.bytes) * scale
            }
        case 2: Code.addPairs(input, frames, scale: scale, into: output)
        default:
            for frame in 0..<frames {
                let first = input + frame &* channels &* Code.bytes
                var sum: Float = 0
                for channel in 0..<channels { sum += Code.load(first + channel &* Code.bytes) }
                output[frame] = sum * scale
            }
        }
    }

    /// The channels by their weights, which a change-over moves in a straight line.
    @inline(__always)
    private func mixWeighted<Code: SampleCode>(
        _: Code.Type, _ input: UnsafeRawPointer, _ frames: Int, into output: UnsafeMutablePointer<Float>
    ) {
        let scale = 1 / Code.fullScale
        for frame in 0..<frames {
            let first = input + frame &* channels &* Code.bytes
            let share = Float(fadeLeft) / Float(fadeFrames)
            var sum: Float = 0
            for (place, channel) in listened.enumerated() {
                let weight = share * weights[place] + (1 - share) * nextWeights[place]
                // Nothing of a channel that is left out, not even its NaN.
                if weight != 0 { sum += Code.load(first + channel &* Code.bytes) * weight }
            }
            output[frame] = sum * scale
            if fadeLeft > 0 {
                fadeLeft -= 1
                if fadeLeft == 0 { for place in weights.indices { weights[place] = nextWeights[place] } }
            }
        }
    }

    /// Measures a few of the frames, and decides once a block.
    @inline(__always)
    private func observe<Code: SampleCode>(_: Code.Type, _ input: UnsafeRawPointer, _ frames: Int) {
        let scale = 1 / Code.fullScale
        let (step, bytesPerFrame) = (CancellationWatch.step, bytesPerFrame)
        var frame = watch.skipped
        while frame < frames {
            let count = min((frames - frame + step - 1) / step, watch.framesLeft)
            let first = input + frame &* bytesPerFrame
            if listened.count == 2 {
                let (left, right) = (listened[0] &* Code.bytes, listened[1] &* Code.bytes)
                watch.add(count) { index in
                    let place = first + index &* step &* bytesPerFrame
                    return (Code.load(place + left) * scale, Code.load(place + right) * scale)
                }
            } else {
                for index in 0..<count {
                    for (place, channel) in listened.enumerated() {
                        watch.add(
                            Code.load(first + index &* step &* bytesPerFrame + channel &* Code.bytes) * scale, place)
                    }
                    watch.endFrame()
                }
            }
            frame += count * step
            if watch.framesLeft == 0, let decision = watch.decide() { change(to: decision) }
        }
        watch.skipped = frame - frames
    }

    private func change(to decision: CancellationWatch.Decision) {
        for place in nextWeights.indices {
            nextWeights[place] =
                switch decision {
                case .mean: 1 / Float(listened.count)
                case .difference: place == 0 ? 0.5 : -0.5
                case .channel(let loudest): place == loudest ? 1 : 0
                }
        }
        fadeLeft = fadeFrames
        notice =
            switch decision {
            case .mean: .agree
            case .difference: .cancel(channels: numbers, heard: nil)
            case .channel(let loudest): .cancel(channels: numbers, heard: numbers[loudest])
            }
    }
}

/// A change in how channels become one.
package enum ChannelNotice: Sendable, Equatable {
    /// The channels cancel each other. Their difference is listened to, or one of them.
    case cancel(channels: [Int], heard: Int?)
    /// They no longer do; their mean is listened to.
    case agree

    /// A line for people; nil for `agree`.
    package var text: String? {
        switch self {
        case .cancel(channels: [1, 2], heard: nil):
            "left and right cancel: one is inverted? Listening to their difference"
        case .cancel(let channels, heard: nil):
            "channels \(channels.map(String.init).joined(separator: " and ")) cancel: one is inverted? "
                + "Listening to their difference"
        case .cancel(_, .some(let heard)): "the channels cancel: some are inverted? Listening to channel \(heard) alone"
        case .agree: nil
        }
    }
}
