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

    /// Makes the input of a source and gives it to the worker that has the fewest; nil when all slots are taken.
    /// `wake` is for the hub, when it has made room for a source's estimates.
    func add(
        name: String, isRealTime: Bool, settings: AnalysisSettings
    ) -> (input: SourceInput, slot: Int, wake: @Sendable () -> Void)? {
        state.withLock { state in
            guard let slot = state.freeSlots.popLast() else { return nil }
            let index = leastLoaded(&state)
            let worker = state.workers[index]
            state.load[index] += 1
            state.worker[slot] = index
            let wake: @Sendable () -> Void = { worker.markReady(slot) }
            let input = SourceInput(
                name: name, isRealTime: isRealTime, settings: settings, workerName: worker.name,
                wakeWorker: wake)
            worker.add(SourceTrack(input: input, slot: slot, listener: listener), slot: slot)
            return (input, slot, wake)
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

    private func leastLoaded(_ state: inout State) -> Int {
        if let idle = state.load.firstIndex(of: 0) { return idle }
        if state.workers.count < mostWorkers {
            let worker = AnalysisWorker(index: state.workers.count, slots: Self.slots) { [weak self] slot in
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
