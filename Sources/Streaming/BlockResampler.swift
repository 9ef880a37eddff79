// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Resamples one stream block by block, as its `BlockResamplingPlan` defines.
final class BlockResampler {
    private let plan: BlockResamplingPlan
    private let workspace: Workspace
    /// The block that is being filled, with the samples before it.
    private let samples: OwnedBuffer<Float>
    private var filled = 0
    /// Samples in and out since the last reset.
    private var taken = 0
    private var produced = 0

    init(_ plan: BlockResamplingPlan, workspace: Workspace) {
        self.plan = plan
        self.workspace = workspace
        samples = OwnedBuffer(repeating: 0, count: plan.inputLength)
        reset()
    }

    func reset() {
        samples.pointer.update(repeating: 0, count: plan.lead)
        filled = plan.lead
        taken = 0
        produced = -plan.outputLead
    }

    func process(_ input: Span<Float>, _ consume: (Span<Float>) -> Void) {
        taken += input.count
        var offset = 0
        while offset < input.count {
            let count = min(plan.inputLength - filled, input.count - offset)
            let target = samples.pointer + filled
            input.withUnsafeBufferPointer { target.update(from: $0.baseAddress! + offset, count: count) }
            filled += count
            offset += count
            if filled == plan.inputLength { complete(atMost: .max, consume) }
        }
    }

    /// Ends the stream: continues it with silence until every sample's output is out.
    func finish(_ consume: (Span<Float>) -> Void) {
        let all = plan.outputCount(taken)
        while produced < all {
            (samples.pointer + filled).update(repeating: 0, count: plan.inputLength - filled)
            filled = plan.inputLength
            complete(atMost: all, consume)
        }
    }

    /// Filters the full block and passes its output on, up to `all` samples of the whole stream.
    private func complete(atMost all: Int, _ consume: (Span<Float>) -> Void) {
        plan.process(samples, spectrum: workspace.spectrum, into: workspace.resampled)
        let kept = plan.inputLength - plan.inputHop
        samples.pointer.update(from: samples.pointer + plan.inputHop, count: kept)
        filled = kept
        // The output before the first sample is dropped.
        let skipped = min(plan.outputHop, max(0, -produced))
        let count = min(plan.outputHop - skipped, all - max(0, produced))
        produced += skipped + count
        guard count > 0 else { return }
        let first = workspace.resampled.pointer + plan.outputStart + skipped
        consume(UnsafeBufferPointer(start: first, count: count).span)
    }
}
