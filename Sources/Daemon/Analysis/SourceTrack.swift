// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Streaming

/// What the analysis says to the hub. Estimates go through the streams' rings; `estimatesWait` says that there are
/// some, from any thread and at any time; the rest is rare and comes from the source's worker, in order.
protocol AnalysisListener: AnyObject, Sendable {
    func estimatesWait(slot: Int)
    func post(_ event: TrackEvent, slot: Int)
}

/// What happens to a source, in order with its estimates.
enum TrackEvent: Sendable {
    /// A new stream begins, whose estimates come through `ring`.
    case opened(StreamFormat, ring: EstimateRing, labels: [String])
    /// The same stream goes on with other settings: its next estimates come through `ring`.
    case replaced(ring: EstimateRing, labels: [String])
    /// There is no stream; the next one will have these labels.
    case relabelled([String])
    /// The stream is over: `waiting`, `lost` or `ended`.
    case closed(CaptureEvent)
}

/// One source as its worker sees it: takes samples out of the ring, analyses them, passes on what happens.
final class SourceTrack {
    enum Outcome {
        /// All there was is done.
        case idle
        /// There is more to do; other sources come first.
        case more
        /// The hub has to read estimates first; it says when it has.
        case blocked
    }

    let input: SourceInput
    private let slot: Int
    private let listener: any AnalysisListener
    private var ring: SampleRing?
    private var analysis: StreamAnalysis?

    init(input: SourceInput, slot: Int, listener: any AnalysisListener) {
        self.input = input
        self.slot = slot
        self.listener = listener
    }

    /// Does at most a ring's worth of work, with `scratch` as working memory. Nothing in it allocates or locks but
    /// what an item of the mailbox brings.
    func turn(scratch: UnsafeMutableBufferPointer<Float>) -> Outcome {
        if let analysis, !analysis.hasRoom { return .blocked }
        // Looked at before the ring is emptied: what was delivered before the item is analysed before it.
        let hasMail = input.hasMail
        let isEmpty = drain(scratch)
        guard hasMail, let item = input.takeItem(ringIsEmpty: isEmpty) else { return isEmpty ? .idle : .more }
        apply(item)
        return .more
    }

    // MARK: A pipe, which this thread reads itself

    /// Whether the hub has left room for what one read brings. What the reads before brought besides samples is dealt
    /// with first, so that no more of it waits than one read brings.
    var hasRoom: Bool {
        applyMail()
        let hasRoom = analysis?.hasRoom ?? true
        input.tellWaiting(!hasRoom)
        return hasRoom
    }

    /// Analyses at once.
    func take(_ samples: UnsafeBufferPointer<Float>) {
        input.tellDelivery()
        // The stream that they belong to may have begun a moment ago.
        applyMail()
        guard let analysis, analysis.process(samples) else { return }
        listener.estimatesWait(slot: slot)
    }

    private func applyMail() {
        while input.hasMail, let item = input.takeItem(ringIsEmpty: true) { apply(item) }
    }

    // MARK: Anything else

    /// Returns whether the ring is empty now.
    private func drain(_ scratch: UnsafeMutableBufferPointer<Float>) -> Bool {
        guard let ring, let analysis else { return true }
        var left = ring.capacity
        var published = false
        defer { if published { listener.estimatesWait(slot: slot) } }
        while left > 0 {
            let count = ring.read(into: UnsafeMutableBufferPointer(rebasing: scratch[..<min(scratch.count, left)]))
            if count == 0 { return true }
            left -= count
            input.tellRoom(in: ring)
            if analysis.process(UnsafeBufferPointer(rebasing: scratch[..<count])) { published = true }
        }
        return ring.count == 0
    }

    private func apply(_ item: SourceInput.Item) {
        switch item {
        case .stream(let format, let newRing, let newAnalysis):
            ring = newRing
            analysis = newAnalysis
            listener.post(
                .opened(format, ring: newAnalysis.estimates, labels: newAnalysis.labels), slot: slot)
        case .change(let change):
            guard let analysis else { return }
            analysis.use(change)
            listener.post(.replaced(ring: analysis.estimates, labels: analysis.labels), slot: slot)
        case .labels(let labels):
            listener.post(.relabelled(labels), slot: slot)
        case .restart:
            analysis?.restart()
        case .event(let event):
            analysis?.finish()
            ring = nil
            analysis = nil
            listener.post(.closed(event), slot: slot)
        }
    }
}

/// Where a pipe delivers: on its worker's own thread, so that nothing lies between reading and analysis.
final class PipeSink: AudioSink, @unchecked Sendable {
    // Safe to share: `track` is touched by `hasRoom` and `deliver` alone, which are called on its worker's thread.
    private let input: SourceInput
    private let track: SourceTrack

    init(_ track: SourceTrack) {
        input = track.input
        self.track = track
    }

    func handle(_ event: CaptureEvent) { input.handle(event) }

    var hasRoom: Bool { track.hasRoom }

    func deliver(_ samples: UnsafeBufferPointer<Float>) { track.take(samples) }
}
