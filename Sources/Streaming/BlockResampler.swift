// SPDX-License-Identifier: GPL-3.0-or-later

/// One stream on its way through `BlockResamplingPlan`.
final class BlockResampler {
    private let resampling: BlockResamplingPlan
    private let workspace: Workspace
    /// The block that is being filled, with what is before it.
    private let samples: UnsafeMutablePointer<Float>
    private var filled = 0
    /// Samples taken, and handed on, since the last reset.
    private var taken = 0
    private var produced = 0

    init(_ resampling: BlockResamplingPlan, workspace: Workspace) {
        self.resampling = resampling
        self.workspace = workspace
        samples = FourierTransform.allocateReal(resampling.inputLength)
        samples.initialize(repeating: 0, count: resampling.inputLength)
        reset()
    }

    deinit { FourierTransform.free(samples) }

    func reset() {
        samples.update(repeating: 0, count: resampling.lead)
        filled = resampling.lead
        taken = 0
        produced = -resampling.outputLead
    }

    func process(_ input: UnsafeBufferPointer<Float>, _ consume: (UnsafeBufferPointer<Float>) -> Void) {
        guard let start = input.baseAddress else { return }
        taken += input.count
        var offset = 0
        while offset < input.count {
            let count = min(resampling.inputLength - filled, input.count - offset)
            (samples + filled).update(from: start + offset, count: count)
            filled += count
            offset += count
            if filled == resampling.inputLength { complete(atMost: .max, consume) }
        }
    }

    /// The audio is followed by silence.
    func finish(_ consume: (UnsafeBufferPointer<Float>) -> Void) {
        let all = resampling.outputCount(taken)
        while produced < all {
            (samples + filled).update(repeating: 0, count: resampling.inputLength - filled)
            filled = resampling.inputLength
            complete(atMost: all, consume)
        }
    }

    /// Hands on what the full block gives, up to so many samples of the whole stream.
    private func complete(atMost all: Int, _ consume: (UnsafeBufferPointer<Float>) -> Void) {
        resampling.process(samples, spectrum: workspace.spectrum, into: workspace.resampled)
        let kept = resampling.inputLength - resampling.inputHop
        samples.update(from: samples + resampling.inputHop, count: kept)
        filled = kept
        // Before the first sample there is nothing.
        let skipped = min(resampling.outputHop, max(0, -produced))
        let count = min(resampling.outputHop - skipped, all - max(0, produced))
        produced += skipped + count
        guard count > 0 else { return }
        consume(UnsafeBufferPointer(start: workspace.resampled + resampling.outputStart + skipped, count: count))
    }
}
