// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Resamples a mono stream. A stream that already has the output rate passes unchanged.
///
/// The pass band ends at 95.5 % of the lower Nyquist frequency; from the Nyquist frequency on the attenuation is 100 dB
/// or more. The phase is linear, and the sample count has no delay. The output does not depend on how the input is cut
/// into calls. Nothing is allocated after the first second.
///
/// Common rates are resampled by FFT (`BlockResamplingPlan`), with a third of libsoxr's instructions and a twentieth of
/// its memory (docs/architecture.md). Rates that the FFT cannot handle are resampled by libsoxr.
package final class Resampler {
    /// Maximum number of samples per call of `process`.
    package static let block = 1024
    /// Maximum number of samples per call of `consume`.
    static let mostProduced = max(block * 24, BlockResamplingPlan.mostSamples)

    /// End of the pass band, as a share of the lower Nyquist frequency. The filter is steep enough for the
    /// top mel bands to keep their level.
    static let passBandEnd = 0.955

    private enum Method {
        case none
        case blocks(BlockResampler)
        case soxr(SoxrResampler)
    }

    private let method: Method

    /// - Parameters:
    ///   - inputRate: Hz, 8 000 to 192 000.
    ///   - boundary: a number of output samples that must be available as soon as the input covers them, without
    ///     waiting for a block to fill.
    ///   - workspace: scratch memory of the thread that will call `process`.
    /// - Throws: `unsupportedRate`, or `libraryFailed` if FFTW or libsoxr fails.
    package init(
        inputRate: Int, outputRate: Int, boundary: Int = 0, workspace: Workspace
    ) throws(StreamingError) {
        guard (8_000...192_000).contains(inputRate) else {
            throw StreamingError(.unsupportedRate, "a sample rate of \(inputRate) Hz; 8000 to 192000 are allowed")
        }
        if inputRate == outputRate {
            method = .none
        } else if BlockResamplingPlan.supports(inputRate, outputRate) {
            let plan = try BlockResamplingPlan.between(inputRate, outputRate, boundary: boundary)
            method = .blocks(BlockResampler(plan, workspace: workspace))
        } else {
            method = .soxr(try SoxrResampler(inputRate: inputRate, outputRate: outputRate, workspace: workspace))
        }
    }

    /// Processes at most `block` samples and calls `consume` with the output that they complete.
    package func process(_ input: Span<Float>, _ consume: (Span<Float>) -> Void) {
        switch method {
        case .none: consume(input)
        case .blocks(let resampler): resampler.process(input, consume)
        case .soxr(let resampler): resampler.process(input, consume)
        }
    }

    /// Ends the stream: calls `consume` with the output that is still inside.
    package func finish(_ consume: (Span<Float>) -> Void) {
        switch method {
        case .none: break
        case .blocks(let resampler): resampler.finish(consume)
        case .soxr(let resampler): resampler.finish(consume)
        }
    }

    /// Begins a new stream.
    package func reset() {
        switch method {
        case .none: break
        case .blocks(let resampler): resampler.reset()
        case .soxr(let resampler): resampler.reset()
        }
    }
}
