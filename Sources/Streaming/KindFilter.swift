// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// How probable it is that a stream is music now, and each kind of audio that is not: a forward filter of a hidden Markov
/// model (Rabiner, "A tutorial on hidden Markov models", 1989, §III.A, the forward variable).
///
/// Between steps the kind switches at a fixed rate to one drawn from all kinds by their prior, which is their number of
/// labels: a stream is more often music of one of ten genres than noise. A window's emission is its
/// probabilities raised to a power below one, because windows that overlap are not independent. Nothing is allocated
/// after `init`.
final class KindFilter {
    /// [kinds]: music, then each label for audio that is not music.
    private let prior: [Float]
    /// [kinds]: what a window's probabilities are multiplied by, because the prior of the training is in them, too: scaled
    /// likelihoods (Bourlard and Morgan, "Connectionist speech recognition", 1994). Taken out whole, it would find speech in
    /// music; a quarter of its exponent is best for both, each 6 dB over the other.
    private let emphasis: [Float]
    private let switchRate: Double
    private let evidenceRate: Double
    private let sharpness: Float
    /// [kinds]: the posterior as if windows erred independently.
    private let filtered: OwnedBuffer<Float>
    /// [kinds]: the posterior that is published.
    private let published: OwnedBuffer<Float>

    /// - Parameter labels: number of labels of each kind, at least one kind.
    init(labels: [Int], parameters: EstimatorParameters) {
        let count = labels.count
        prior = labels.map { Float($0) / Float(labels.reduce(0, +)) }
        emphasis = prior.map { pow($0, -0.25) }
        switchRate = parameters.kindSwitchRate
        evidenceRate = parameters.kindEvidenceRate
        sharpness = Float(parameters.kindSharpness)
        filtered = OwnedBuffer(repeating: 0, count: count)
        published = OwnedBuffer(repeating: 0, count: count)
        reset()
    }

    /// [kinds]: each kind's probability, given all audio so far.
    var probabilities: UnsafeBufferPointer<Float> { UnsafeBufferPointer(published.elements) }

    func reset() {
        for kind in prior.indices { filtered[kind] = prior[kind] }
        sharpen()
    }

    /// The kind may have switched since the last step.
    func predict(_ elapsed: Double) {
        let filtered = filtered.elements
        let stay = Float(exp(-switchRate * elapsed))
        for kind in filtered.indices { filtered[kind] = filtered[kind] * stay + (1 - stay) * prior[kind] }
        sharpen()
    }

    /// Multiplies by the tempered emission.
    ///
    /// - Parameters:
    ///   - emission: [kinds]: the window's probabilities.
    ///   - seconds: audio since the last step, without silence.
    func observe(_ emission: UnsafeBufferPointer<Float>, seconds: Double) {
        let weight = Float(evidenceRate * seconds)
        guard weight > 0 else { return }
        let filtered = filtered.elements
        var sum: Float = 0
        for kind in filtered.indices {
            // Without the floor, one window with a probability of 0 would rule a kind out indefinitely.
            filtered[kind] *= pow(max(emission[kind], 1e-6) * emphasis[kind], weight)
            sum += filtered[kind]
        }
        // Extreme settings can bring every product below the smallest number: then nothing is known.
        guard sum > 0 else { return reset() }
        for kind in filtered.indices { filtered[kind] /= sum }
        sharpen()
    }

    /// Continues from another filter, whose kinds have the indices `order`.
    func follow(_ previous: KindFilter, order: [Int]) {
        for (kind, old) in order.enumerated() { filtered[kind] = previous.filtered[old] }
        sharpen()
    }

    /// Computes the published probabilities: errors within a piece are correlated, so the filter alone is overconfident, and its
    /// evidence is raised to a power below one.
    private func sharpen() {
        let (filtered, published) = (filtered.elements, published.elements)
        var sum: Float = 0
        for kind in filtered.indices {
            published[kind] = prior[kind] * pow(max(filtered[kind] / prior[kind], 1e-30), sharpness)
            sum += published[kind]
        }
        for kind in published.indices { published[kind] /= sum }
    }
}
