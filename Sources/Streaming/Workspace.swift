// SPDX-License-Identifier: GPL-3.0-or-later

import CFFTW
import Model

/// Memory that the analysis of a stream needs only while it works: one for all the streams that a thread analyses, so
/// that it stays in the processor's cache from one to the next.
package final class Workspace: @unchecked Sendable {
    // Safe to share: who makes a stream only passes it on; what is in it is touched by `process` and `finish` of streams
    // that one thread at a time works on.

    /// Samples on their way to the resampler.
    let samples: UnsafeMutablePointer<Float>
    /// What the resampler makes of a block.
    let resampled: UnsafeMutablePointer<Float>
    /// Samples of a frame under the taper.
    let tapered: UnsafeMutablePointer<Float>
    /// Of a frame, and of the resampler's block.
    let spectrum: UnsafeMutablePointer<fftwf_complex>
    /// Of a frame.
    let power: UnsafeMutablePointer<Float>
    /// Of a frame, dB.
    let bands: UnsafeMutableBufferPointer<Float>

    package init(frontEnd: FrontEnd = .version1) {
        samples = FourierTransform.allocateReal(Resampler.block)
        resampled = FourierTransform.allocateReal(Resampler.mostProduced)
        tapered = FourierTransform.allocateReal(frontEnd.frameLength)
        spectrum = FourierTransform.allocateComplex(max(frontEnd.frameLength, BlockResamplingPlan.mostSamples) / 2 + 1)
        power = FourierTransform.allocateReal(MelFilterbank.paddedBins(frontEnd))
        power.initialize(repeating: 0, count: MelFilterbank.paddedBins(frontEnd))
        bands = .allocate(capacity: frontEnd.melBands)
        bands.initialize(repeating: 0)
    }

    deinit {
        FourierTransform.free(samples)
        FourierTransform.free(resampled)
        FourierTransform.free(tapered)
        FourierTransform.free(spectrum)
        FourierTransform.free(power)
        bands.deallocate()
    }
}
