// SPDX-License-Identifier: GPL-3.0-or-later

/// Turns interleaved frames of any encoding into mono samples: the mean of the channels, full scale ±1.
struct MonoMixer: Sendable, Equatable {
    let encoding: PCMEncoding
    let channels: Int

    var bytesPerFrame: Int { encoding.bytes * channels }

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
        case .int16:
            mix(input, frames, into: output, fullScale: 32_768) {
                Float(Int16(littleEndian: $0.loadUnaligned(as: Int16.self)))
            }
        case .int24Packed:
            mix(input, frames, into: output, fullScale: 8_388_608) {
                let low = UInt16(littleEndian: $0.loadUnaligned(as: UInt16.self))
                let high = $0.loadUnaligned(fromByteOffset: 2, as: Int8.self)
                return Float((Int32(high) << 16) | Int32(low))
            }
        case .int24InFour:
            mix(input, frames, into: output, fullScale: 8_388_608) {
                Float((Int32(littleEndian: $0.loadUnaligned(as: Int32.self)) << 8) >> 8)
            }
        case .int32:
            mix(input, frames, into: output, fullScale: 2_147_483_648) {
                Float(Int32(littleEndian: $0.loadUnaligned(as: Int32.self)))
            }
        case .float32:
            mix(input, frames, into: output, fullScale: 1) {
                Float(bitPattern: UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)))
            }
        }
        return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(mono)[..<frames])
    }

    /// Inlined once for each encoding; one and two channels have loops of their own, which the compiler vectorises.
    @inline(__always)
    private func mix(
        _ input: UnsafeRawPointer, _ frames: Int, into output: UnsafeMutablePointer<Float>, fullScale: Float,
        sample: (UnsafeRawPointer) -> Float
    ) {
        let scale = 1 / (fullScale * Float(channels))
        let width = encoding.bytes
        switch channels {
        case 1:
            for frame in 0..<frames {
                output[frame] = sample(input + frame &* width) * scale
            }
        case 2:
            for frame in 0..<frames {
                let left = input + frame &* 2 &* width
                output[frame] = (sample(left) + sample(left + width)) * scale
            }
        default:
            for frame in 0..<frames {
                let first = input + frame &* channels &* width
                var sum: Float = 0
                for channel in 0..<channels {
                    sum += sample(first + channel &* width)
                }
                output[frame] = sum * scale
            }
        }
    }
}
