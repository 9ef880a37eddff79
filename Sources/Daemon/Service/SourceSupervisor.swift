// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import Dispatch
import Logging
import ServiceLifecycle
import Streaming

/// Starts and stops the sources, and swaps them when the configuration changes.
actor SourceSupervisor {
    private struct Running {
        let configuration: Configuration.Source
        let source: any AudioSource
        let place: AnalysisPool.Place
    }

    private let hub: Hub
    private let pool: AnalysisPool
    private let log: Logger
    private var analysis: AnalysisSettings
    private var running: [Running] = []
    private var isStopped = false

    /// - Parameter workers: how many threads may analyse.
    init(hub: Hub, analysis: AnalysisSettings, workers: Int, log: Logger) {
        self.hub = hub
        self.analysis = analysis
        self.log = log
        pool = AnalysisPool(listener: hub, mostWorkers: workers)
    }

    /// Makes these the sources. Those that are running and configured as before go on undisturbed; those that failed
    /// for good, such as a file that was not there, are started again. Returns what changed, for people.
    func use(_ sources: [Configuration.Source], _ newAnalysis: AnalysisSettings?) async -> [String] {
        guard !isStopped else { return [] }
        var changes: [String] = []
        let failed = await hub.failedSlots
        func stays(_ one: Running) -> Bool { sources.contains(one.configuration) && !failed.contains(one.place.slot) }
        let leaving = running.filter { !stays($0) }
        running.removeAll { !stays($0) }
        await silence(leaving)
        for old in leaving {
            await hub.remove(slot: old.place.slot)
            pool.remove(slot: old.place.slot)
        }
        for old in leaving where !sources.contains(where: { $0.name == old.configuration.name }) {
            changes.append("source \(old.configuration.name): removed")
        }
        if let newAnalysis {
            analysis = newAnalysis
            for running in running { useAnalysis(of: running) }
        }
        for source in sources where !running.contains(where: { $0.configuration == source }) {
            let before = leaving.first { $0.configuration.name == source.name }?.configuration
            let what = before == nil ? "added" : before == source ? "started again" : "changed"
            changes.append("source \(source.name): \(what), \(source.uri)")
            await start(source)
        }
        await hub.arrange(sources.map(\.name))
        return changes
    }

    private func useAnalysis(of running: Running) {
        do throws(StreamingError) {
            try running.place.input.use(analysis)
        } catch {
            log.error("\(running.configuration.name): goes on with the settings before: \(error)")
        }
    }

    private func start(_ configuration: Configuration.Source) async {
        let source = configuration.uri.makeSource()
        let added: AnalysisPool.Place?
        do throws(CaptureError) {
            added = try pool.add(
                name: configuration.name, isRealTime: source.isRealTime, isPolled: source.isPolled, settings: analysis)
        } catch {
            log.error("\(configuration.name): not started: \(error)")
            return
        }
        guard let place = added else {
            log.error("\(configuration.name): not started: \(AnalysisPool.slots) sources are running already")
            return
        }
        let labels = analysis.model.labels
        await hub.add(
            HubSource(
                name: configuration.name, uri: configuration.uri, slot: place.slot, input: place.input, labels: labels,
                wakeAnalysis: place.wake))
        running.append(Running(configuration: configuration, source: source, place: place))
        source.start(place.sink, pipes: place.pipes)
    }

    /// Stops capturing, from all at the same time: a device can take a while.
    private func silence(_ leaving: [Running]) async {
        guard !leaving.isEmpty else { return }
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let group = DispatchGroup()
            for running in leaving {
                // Its thread may be waiting for room.
                running.place.input.stop()
                DispatchQueue.global().async(group: group) { running.source.stop() }
            }
            group.notify(queue: .global()) { done.resume() }
        }
    }
}

extension SourceSupervisor: Service {
    /// Returns when no source is left that can deliver anything, or when the daemon stops.
    func run() async throws {
        for await _ in hub.allEnded.cancelOnGracefulShutdown() { break }
        isStopped = true
        // Their part in the hub stays: who asks while the daemon stops gets the last estimates.
        await silence(running)
        pool.stop()
    }
}
