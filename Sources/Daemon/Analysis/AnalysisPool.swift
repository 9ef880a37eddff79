// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Synchronization

/// The few threads on which all sources are analysed: never more than cores or sources, whichever is less.
final class AnalysisPool: Sendable {
    /// The most sources at a time.
    static let slots = 1024

    private struct State {
        var workers: [AnalysisWorker] = []
        /// Sources per worker.
        var load: [Int] = []
        var freeSlots = Array((0..<AnalysisPool.slots).reversed())
        /// The worker of a slot.
        var worker: [Int: Int] = [:]
    }

    private let state = Mutex(State())
    private let listener: any AnalysisListener
    private let mostWorkers: Int

    init(listener: any AnalysisListener, mostWorkers: Int) {
        self.listener = listener
        self.mostWorkers = max(1, mostWorkers)
    }

    /// What a source is started with.
    struct Place: Sendable {
        let slot: Int
        let input: SourceInput
        /// Where it delivers.
        let sink: any AudioSink
        /// What reads it if it is a pipe.
        let pipes: PipeReader
        /// For the hub, when it has made room for the source's estimates.
        let wake: @Sendable () -> Void
    }

    /// Makes a place for a source with the worker that has the fewest; nil when all slots are taken.
    ///
    /// - Parameter isPolled: whether the worker itself reads it.
    func add(
        name: String, isRealTime: Bool, isPolled: Bool, settings: AnalysisSettings
    ) throws(CaptureError) -> Place? {
        try state.withLock { state throws(CaptureError) in
            guard !state.freeSlots.isEmpty else { return nil }
            let index = try leastLoaded(&state)
            guard let slot = state.freeSlots.popLast() else { return nil }
            let worker = state.workers[index]
            state.load[index] += 1
            state.worker[slot] = index
            let wake: @Sendable () -> Void = { worker.markReady(slot) }
            let input = SourceInput(
                name: name, isRealTime: isRealTime, settings: settings, workerName: worker.name,
                pipes: isPolled ? worker.pipes : nil, workspace: worker.workspace, wakeWorker: wake)
            let track = SourceTrack(input: input, slot: slot, listener: listener)
            let sink: any AudioSink = isPolled ? PipeSink(track) : input
            worker.add(track, slot: slot)
            return Place(slot: slot, input: input, sink: sink, pipes: worker.pipes, wake: wake)
        }
    }

    /// Lets go of a source whose capture has stopped.
    func remove(slot: Int) {
        let worker = state.withLock { state in state.worker[slot].map { state.workers[$0] } }
        worker?.retire(slot)
    }

    /// Ends all threads; what is still in the rings is not analysed.
    func stop() {
        let workers = state.withLock { $0.workers }
        for worker in workers { worker.stop() }
    }

    private func leastLoaded(_ state: inout State) throws(CaptureError) -> Int {
        if let idle = state.load.firstIndex(of: 0) { return idle }
        if state.workers.count < mostWorkers {
            let worker = try AnalysisWorker(index: state.workers.count, slots: Self.slots) { [weak self] slot in
                self?.slotIsFree(slot)
            }
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
