// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Brings a mono stream to another rate; a stream that has the rate already passes untouched.
///
/// What lies above 95.5 % of the lower Nyquist frequency is taken out, 100 dB or more from the Nyquist frequency on, with
/// linear phase and no delay in the sample count. What comes out does not depend on how the input is cut. Nothing is
/// allocated after the first second.
///
/// Common rates go by FFT (`BlockResamplingPlan`), with half of libsoxr's work and a twentieth of its memory
/// (docs/performance.md); rates that this is not possible for go by libsoxr.
package final class Resampler {
    /// The most samples that it is fed at once.
    package static let block = 1024
    /// The most samples that come at once.
    static let mostProduced = max(block * 24, BlockResamplingPlan.mostSamples)

    /// Of the lower Nyquist frequency: so steep that the top bands keep their level.
    static let passBandEnd = 0.955

    private enum Way {
        case none
        case blocks(BlockResampler)
        case soxr(SoxrResampler)
    }

    private let way: Way

    /// - Parameters:
    ///   - inputRate: Hz, 8 000 to 192 000.
    ///   - boundary: a number of samples after which all of them shall be there without waiting for more input than that
    ///     takes.
    package init(
        inputRate: Int, outputRate: Int, boundary: Int = 0, workspace: Workspace
    ) throws(StreamingError) {
        guard (8_000...192_000).contains(inputRate) else {
            throw StreamingError(.unsupportedRate, "a sample rate of \(inputRate) Hz; 8000 to 192000 are possible")
        }
        if inputRate == outputRate {
            way = .none
        } else if BlockResamplingPlan.supports(inputRate, outputRate) {
            let resampling = try BlockResamplingPlan.between(inputRate, outputRate, boundary: boundary)
            way = .blocks(BlockResampler(resampling, workspace: workspace))
        } else {
            way = .soxr(try SoxrResampler(inputRate: inputRate, outputRate: outputRate, workspace: workspace))
        }
    }

    /// Hands what `input` (at most `block` samples) completes to `consume`.
    package func process(_ input: UnsafeBufferPointer<Float>, _ consume: (UnsafeBufferPointer<Float>) -> Void) {
        switch way {
        case .none: consume(input)
        case .blocks(let stream): stream.process(input, consume)
        case .soxr(let stream): stream.process(input, consume)
        }
    }

    /// Hands on what is still inside, at a stream's end.
    package func finish(_ consume: (UnsafeBufferPointer<Float>) -> Void) {
        switch way {
        case .none: break
        case .blocks(let stream): stream.finish(consume)
        case .soxr(let stream): stream.finish(consume)
        }
    }

    /// Forgets the stream.
    package func reset() {
        switch way {
        case .none: break
        case .blocks(let stream): stream.reset()
        case .soxr(let stream): stream.reset()
        }
    }
}
