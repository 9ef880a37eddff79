// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Streaming

/// The worker's end of a `RingInput`: takes samples out of the ring and analyses them.
final class RingTrack: AnalysisTrack {
    private let input: RingInput
    private let block: SampleBlock
    private let analysis: SourceAnalysis
    private var ring: SampleRing?
    private var sampleRate = 0

    /// - Parameters:
    ///   - block: the worker's.
    ///   - announcements: the worker's.
    init(input: RingInput, slot: Int, block: SampleBlock, announcements: Announcements) {
        self.input = input
        self.block = block
        analysis = SourceAnalysis(slot: slot, announcements: announcements)
    }

    var health: SourceHealth { input.health }

    /// Does at most a ring's worth of work. It neither allocates nor locks, unless there is mail.
    func turn() -> Bool {
        // The hub has to read estimates first, and wakes the worker when it has.
        guard analysis.hasRoom else { return false }
        // Looked at before the ring is emptied, so that samples from before an item are analysed before it.
        let hasMail = input.mailbox.hasMail
        let isEmpty = drain()
        guard hasMail, let item = takeItem(ringIsEmpty: isEmpty) else { return !isEmpty }
        apply(item)
        return true
    }

    /// Returns whether the ring is empty now.
    private func drain() -> Bool {
        guard let ring else { return true }
        var left = ring.capacity
        while left > 0 {
            let block = block.samples.elements
            let count = ring.read(into: block.extracting(..<min(block.count, left)))
            if count == 0 { break }
            left -= count
            input.noteRoom(in: ring)
            analysis.process(UnsafeBufferPointer(block.extracting(..<count)))
        }
        analysis.announceEstimates()
        input.noteDemand(analysis.demand, in: ring, sampleRate: sampleRate)
        return ring.count == 0
    }

    /// The next item; while the ring is not empty, only one that concerns the open stream.
    private func takeItem(ringIsEmpty: Bool) -> RingInput.Item? {
        let item = input.mailbox.take { item in
            switch item {
            case .changed, .restart, .happened: true
            case .opened, .closed: ringIsEmpty
            }
        }
        if item != nil { input.health.noteTaken() }
        return item
    }

    private func apply(_ item: RingInput.Item) {
        switch item {
        case .opened(let format, let newRing, let stream):
            (ring, sampleRate) = (newRing, format.sampleRate)
            analysis.open(format, stream)
        case .changed(let change):
            analysis.use(change)
        case .restart:
            analysis.restart()
        case .happened(let event):
            analysis.report(event)
        case .closed(let event):
            ring = nil
            analysis.close(event)
        }
    }
}
