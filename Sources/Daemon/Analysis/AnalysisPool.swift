// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Synchronization

/// The threads that analyse all sources: at most one per core, and at most one per source.
final class AnalysisPool: Sendable {
    /// The most sources at a time.
    static let slots = 4096

    private struct State {
        var workers: [AnalysisWorker] = []
        /// Sources per worker.
        var load: [Int] = []
        var freeSlots = Array((0..<AnalysisPool.slots).reversed())
        /// The worker of each slot that is taken.
        var worker: [Int: Int] = [:]
    }

    private let state = Mutex(State())
    private let listener: any AnalysisListener
    private let mostWorkers: Int

    init(listener: any AnalysisListener, mostWorkers: Int) {
        self.listener = listener
        self.mostWorkers = max(1, mostWorkers)
    }

    /// A source's place in the analysis.
    struct Place<Input: SourceInput>: Sendable {
        let slot: Int
        let input: Input
        /// Wakes the source's worker; the hub calls it when it has made room for estimates.
        let wake: @Sendable () -> Void
    }

    /// Makes a place for a device or a file, with the worker that has the fewest sources; nil if all slots are taken.
    func addRing(isRealTime: Bool, settings: AnalysisSettings) throws(CaptureError) -> Place<RingInput>? {
        try add { worker, slot, wake in
            let input = RingInput(
                isRealTime: isRealTime, settings: settings, workerName: worker.name, workspace: worker.workspace,
                wakeWorker: wake)
            let track = RingTrack(
                input: input, slot: slot, block: worker.block, announcements: worker.announcements)
            return (input, track)
        }
    }

    /// Makes a place for a pipe, with the worker that has the fewest sources; nil if all slots are taken.
    func addPipe(settings: AnalysisSettings) throws(CaptureError) -> Place<PipeInput>? {
        try add { worker, slot, wake in
            let input = PipeInput(
                settings: settings, slot: slot, worker: worker, announcements: worker.announcements,
                wakeWorker: wake)
            return (input, input)
        }
    }

    private func add<Input>(
        _ make: (AnalysisWorker, _ slot: Int, _ wake: @escaping @Sendable () -> Void) -> (Input, any AnalysisTrack)
    ) throws(CaptureError) -> Place<Input>? {
        try state.withLock { state throws(CaptureError) in
            guard !state.freeSlots.isEmpty else { return nil }
            let index = try leastLoaded(&state)
            guard let slot = state.freeSlots.popLast() else { return nil }
            let worker = state.workers[index]
            state.load[index] += 1
            state.worker[slot] = index
            let wake: @Sendable () -> Void = { worker.markReady(slot) }
            let (input, track) = make(worker, slot, wake)
            worker.add(track, slot: slot)
            return Place(slot: slot, input: input, wake: wake)
        }
    }

    /// Releases the slot of a source whose capture has stopped.
    func remove(slot: Int) {
        let worker = state.withLock { state in state.worker[slot].map { state.workers[$0] } }
        worker?.retire(slot)
    }

    /// Ends all threads; samples that are still in the rings are not analysed.
    func stop() {
        let workers = state.withLock { $0.workers }
        for worker in workers { worker.stop() }
    }

    private func leastLoaded(_ state: inout State) throws(CaptureError) -> Int {
        if let idle = state.load.firstIndex(of: 0) { return idle }
        if state.workers.count < mostWorkers {
            let worker = try AnalysisWorker(
                index: state.workers.count, slots: Self.slots, listener: listener
            ) { [weak self] slot in self?.slotIsFree(slot) }
            state.workers.append(worker)
            state.load.append(0)
            return state.workers.count - 1
        }
        return state.load.indices.min { state.load[$0] < state.load[$1] } ?? 0
    }

    private func slotIsFree(_ slot: Int) {
        state.withLock { state in
            if let index = state.worker.removeValue(forKey: slot) { state.load[index] -= 1 }
            state.freeSlots.append(slot)
        }
    }
}
