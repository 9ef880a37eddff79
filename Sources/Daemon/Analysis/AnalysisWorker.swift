// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Foundation
import Streaming
import Synchronization

/// One thread that reads pipes and analyses many sources, each a ring's or a pipe's worth at a time, and sleeps when there
/// is nothing to do.
final class AnalysisWorker: @unchecked Sendable {
    // Safe to share: `tracks` is written by `add` before its slot can be ready, and from then on by the thread alone;
    // the ready set carries what was written from the one to the other.
    let name: String
    /// Reads those of its sources that are pipes, and is what it sleeps on.
    let pipes: PipeReader
    /// What its sources need only while it works on them.
    let workspace = Workspace()
    private let tracks: UnsafeMutableBufferPointer<SourceTrack?>
    private let ready: ReadySet
    private let retiring: ReadySet
    private let isStopping = Atomic<Bool>(false)
    private let finished = DispatchSemaphore(value: 0)
    private let onRetired: @Sendable (Int) -> Void

    /// Samples taken out of a ring at once.
    private static let block = 4096

    /// - Parameters:
    ///   - slots: how many there are among all workers.
    ///   - onRetired: told, on the worker's thread, that nothing of a slot is left here.
    init(index: Int, slots: Int, onRetired: @escaping @Sendable (Int) -> Void) throws(CaptureError) {
        pipes = try PipeReader()
        name = "analysis \(index)"
        tracks = .allocate(capacity: slots)
        tracks.initialize(repeating: nil)
        ready = ReadySet(slots: slots)
        retiring = ReadySet(slots: slots)
        self.onRetired = onRetired
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

    /// Takes over a source, in a slot that no other has.
    func add(_ track: SourceTrack, slot: Int) {
        tracks[slot] = track
        markReady(slot)
    }

    func markReady(_ slot: Int) {
        if ready.insert(slot) { pipes.wake() }
    }

    /// Lets go of a slot that nobody calls ready any more; nothing of its source is analysed from now on.
    func retire(_ slot: Int) {
        retiring.insert(slot)
        pipes.wake()
    }

    /// Ends the thread and returns when it is over.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        pipes.wake()
        finished.wait()
    }

    private func run() {
        let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: Self.block)
        scratch.initialize(repeating: 0)
        defer {
            scratch.deallocate()
            finished.signal()
        }
        while !isStopping.load(ordering: .acquiring) {
            let retired = retiring.takeAll { slot in
                tracks[slot] = nil
                // Nobody adds it any more: the slot is clean for who gets it next.
                ready.remove(slot)
                onRetired(slot)
            }
            let worked = ready.takeAll { slot in
                guard let track = tracks[slot] else { return }
                if case .more = track.turn(scratch: scratch) { ready.insert(slot) }
            }
            pipes.turn(mayWait: !worked && !retired)
        }
    }
}
