// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import Logging
import NIOCore
import ServiceLifecycle
import Streaming

/// Starts and stops the sources, and swaps them when the configuration changes.
actor SourceSupervisor {
    private struct Running {
        let configuration: Configuration.Source
        let slot: Int
        let input: any SourceInput
        /// Stops capturing, and returns when nothing more reaches the input.
        let stop: @Sendable () -> Void
    }

    private let hub: Hub
    private let pool: AnalysisPool
    private let log: Logger
    private var analysis: AnalysisSettings
    private var running: [Running] = []
    private var isStopped = false

    /// - Parameter workers: the most threads for the analysis.
    init(hub: Hub, analysis: AnalysisSettings, workers: Int, log: Logger) {
        self.hub = hub
        self.analysis = analysis
        self.log = log
        pool = AnalysisPool(listener: hub, mostWorkers: workers)
    }

    /// Replaces the sources. Those that are running with the same configuration go on undisturbed; those that failed for
    /// good, such as a missing file, are started again. Returns the changes, for people to read.
    func use(_ sources: [Configuration.Source], _ newAnalysis: AnalysisSettings?) async -> [String] {
        guard !isStopped else { return [] }
        var changes: [String] = []
        let failed = await hub.failedSlots
        func stays(_ one: Running) -> Bool { sources.contains(one.configuration) && !failed.contains(one.slot) }
        let leaving = running.filter { !stays($0) }
        running.removeAll { !stays($0) }
        await silence(leaving)
        for old in leaving {
            await hub.remove(slot: old.slot)
            pool.remove(slot: old.slot)
        }
        for old in leaving where !sources.contains(where: { $0.name == old.configuration.name }) {
            changes.append("source \(old.configuration.name): removed")
        }
        if let newAnalysis {
            await useAnalysis(newAnalysis)
            guard !isStopped else { return changes }
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

    /// The most seconds that a reload waits for workers to switch.
    private static let patience = 2.0

    /// Has each source's worker switch to other settings. If that replaces networks they do so one after the other, so that
    /// the next source's new network gets the memory of this one's old network.
    private func useAnalysis(_ new: AnalysisSettings) async {
        let replacesNetworks = (try? new.replacement(after: analysis).replacesNetwork) ?? true
        analysis = new
        let deadline = monotonicSeconds() + Self.patience
        func waitUntilTaken(_ running: Running) async {
            while !running.input.hasTakenSettings, monotonicSeconds() < deadline {
                try? await hub.loop.sleep(for: .milliseconds(1))
            }
        }
        for running in running {
            do throws(StreamingError) {
                try running.input.use(analysis)
            } catch {
                log.error("\(running.configuration.name): keeping the previous settings: \(error)")
            }
            if replacesNetworks { await waitUntilTaken(running) }
        }
        for running in running { await waitUntilTaken(running) }
    }

    private func start(_ configuration: Configuration.Source) async {
        do throws(CaptureError) {
            switch configuration.uri.makeSource(updateInterval: analysis.updateInterval) {
            case .threaded(let source):
                let place = try pool.addRing(isRealTime: source.isRealTime, settings: analysis)
                await start(configuration, in: place) {
                    source.start($0)
                } stop: { input in
                    // The source's thread may be waiting for room.
                    input.stop()
                    source.stop()
                }
            case .pipe(let source):
                let place = try pool.addPipe(settings: analysis)
                await start(configuration, in: place) {
                    source.start($0, on: $0.reader)
                } stop: { _ in
                    source.stop()
                }
            }
        } catch {
            log.error("\(configuration.name): not started: \(error)")
        }
    }

    private func start<Input>(
        _ configuration: Configuration.Source, in place: AnalysisPool.Place<Input>?, start: (Input) -> Void,
        stop: @escaping @Sendable (Input) -> Void
    ) async {
        guard let place else {
            log.error("\(configuration.name): not started: \(AnalysisPool.slots) sources are running already")
            return
        }
        await hub.add(
            HubSource(
                name: configuration.name, uri: configuration.uri, slot: place.slot, input: place.input,
                labels: analysis.model.labels, wakeAnalysis: place.wake))
        let input = place.input
        let notes = configuration.uri.makeNotes { [hub, slot = place.slot] report in
            hub.post(.said(report), slot: slot)
        }
        running.append(
            Running(configuration: configuration, slot: place.slot, input: input) {
                notes?.stop()
                stop(input)
            })
        start(input)
        notes?.start()
    }

    /// The most sources that are stopped at the same time. Others wait for them.
    private static let mostStops = 16

    /// Stops capturing from all of them, many at the same time, because a device can take a while.
    private func silence(_ leaving: [Running]) async {
        let queues = (0..<min(leaving.count, Self.mostStops)).map { _ in TaskQueue(label: "stop") }
        await withTaskGroup { group in
            for (index, running) in leaving.enumerated() {
                group.addTask(executorPreference: queues[index % queues.count]) { [stop = running.stop] in stop() }
            }
        }
    }
}

extension SourceSupervisor: Service {
    /// Returns when no source is left that can deliver anything, or when the daemon stops.
    func run() async throws {
        await cancelWhenGracefulShutdown { [hub] in for await _ in hub.allEnded { break } }
        isStopped = true
        // They stay in the hub: clients that ask while the daemon stops get the last estimates.
        await silence(running)
        // The workers' threads take a moment to end. The other services do not wait for them.
        await Task(executorPreference: TaskQueue(label: "stop")) { [pool] in pool.stop() }.value
    }
}
