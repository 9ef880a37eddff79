// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// Scratch memory for the analysis of streams. One workspace serves all streams that a thread analyses, so that it
/// stays in the processor's cache from one stream to the next.
package final class Workspace: @unchecked Sendable {
    // Safe to share: creating a stage only stores the reference. The contents are used only during `process` and
    // `finish` of the stages, which one thread at a time calls.

    /// Samples on their way to the resampler.
    let samples: OwnedBuffer<Float>
    /// The resampler's output for one block.
    let resampled: OwnedBuffer<Float>
    /// A frame's samples under the taper.
    let tapered: OwnedBuffer<Float>
    /// The spectrum of a frame, or of the resampler's block.
    let spectrum: Spectrum
    /// A frame's power spectrum.
    let power: OwnedBuffer<Float>
    /// A frame's mel bands, dB.
    let bands: OwnedBuffer<Float>

    /// The network's layers.
    let network = NetworkScratch()

    package init(frontEnd: FrontEnd = .version1) {
        samples = OwnedBuffer(repeating: 0, count: Resampler.block)
        resampled = OwnedBuffer(repeating: 0, count: Resampler.mostProduced)
        tapered = OwnedBuffer(repeating: 0, count: frontEnd.frameLength)
        spectrum = Spectrum(samples: max(frontEnd.frameLength, BlockResamplingPlan.mostSamples))
        power = OwnedBuffer(repeating: 0, count: MelFilterbank.paddedBins(frontEnd))
        bands = OwnedBuffer(repeating: 0, count: frontEnd.melBands)
    }
}
