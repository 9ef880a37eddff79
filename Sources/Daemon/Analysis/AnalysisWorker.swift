// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Foundation
import Streaming
import Synchronization

/// One thread that reads pipes and analyses many sources, at most one ring or one read of a pipe per turn, and sleeps
/// while there is nothing to do.
final class AnalysisWorker: @unchecked Sendable {
    // Safe to share: `add` writes a track before its slot is in a set, and from then on only the thread touches it; the
    // sets `arriving` and `ready` make the write visible to the thread. `block` and `announcements` are for the thread
    // alone, and the reader's `willWait` is set before it starts.
    let name: String
    /// Reads those of the sources that are pipes; the worker sleeps in it.
    let reader: PipeReader
    /// Memory that the analysis of a stream needs only while it runs.
    let workspace = Workspace()
    let block = SampleBlock()
    let announcements: Announcements
    private let tracks: UnsafeMutableBufferPointer<(any AnalysisTrack)?>
    private let ready: ReadySet
    private let retiring: ReadySet
    private let arriving: ReadySet
    private let isStopping = Atomic<Bool>(false)
    private let finished = DispatchSemaphore(value: 0)
    private let onRetired: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - slots: the number of slots of all workers.
    ///   - listener: learns of the sources' estimates.
    ///   - onRetired: called on the worker's thread when it has released a slot.
    init(
        index: Int, slots: Int, listener: any AnalysisListener, onRetired: @escaping @Sendable (Int) -> Void
    ) throws(CaptureError) {
        reader = try PipeReader()
        announcements = Announcements(listener: listener)
        name = "analysis \(index)"
        tracks = .allocate(capacity: slots)
        tracks.initialize(repeating: nil)
        ready = ReadySet(slots: slots)
        retiring = ReadySet(slots: slots)
        arriving = ReadySet(slots: slots)
        self.onRetired = onRetired
        reader.willWait = { [announcements] in announcements.deliver() }
        let thread = Thread {
            nameCurrentThread(self.name)
            self.run()
        }
        thread.stackSize = 512 << 10
        thread.start()
    }

    deinit {
        tracks.deinitialize()
        tracks.deallocate()
    }

    /// Takes over a source, in a slot of its own.
    func add(_ track: any AnalysisTrack, slot: Int) {
        tracks[slot] = track
        arriving.insert(slot)
        markReady(slot)
    }

    func markReady(_ slot: Int) {
        if ready.insert(slot) { reader.wake() }
    }

    /// Releases a slot, which is no longer marked ready; its source is not analysed from then on.
    func retire(_ slot: Int) {
        retiring.insert(slot)
        reader.wake()
    }

    /// Ends the thread, and returns when it has ended.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        reader.wake()
        finished.wait()
    }

    private func run() {
        defer { finished.signal() }
        var stallWatch = StallWatch(listener: announcements.listener)
        while !isStopping.load(ordering: .acquiring) {
            let hasRetired = retiring.takeAll { slot in
                stallWatch.forget(slot)
                tracks[slot] = nil
                // Nobody marks it ready any more, so the next source finds the slot clean.
                ready.remove(slot)
                arriving.remove(slot)
                onRetired(slot)
            }
            arriving.takeAll { slot in
                if let track = tracks[slot] { stallWatch.watch(slot, track.health) }
            }
            let hasWorked = ready.takeAll { slot in
                if let track = tracks[slot], track.turn() { ready.insert(slot) }
            }
            let rest = stallWatch.check()
            reader.poll(waitingFor: hasWorked || hasRetired ? 0 : rest)
        }
        announcements.deliver()
    }
}

/// Memory for samples on their way out of a ring: one block per worker, whose tracks use it in turn.
final class SampleBlock {
    let samples = OwnedBuffer<Float>(repeating: 0, count: 4096)
}
