// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import StrictYAML

/// Reloads the configuration while the sources run.
extension Daemon {
    /// Reads the configuration again and applies all of it, or changes nothing and returns why. Reloads run one at a time.
    func reload() async -> Result<ReloadResult, RPCError> {
        let previous = lastReload
        let task = Task(executorPreference: TaskQueue.services) {
            _ = await previous?.value
            return await self.reloadNow()
        }
        lastReload = task
        return await task.value
    }

    private func reloadNow() async -> Result<ReloadResult, RPCError> {
        if isStopping { return refuse(Self.tooLate) }
        notification.reloading()
        defer {
            notification.reloaded()
            memory.request()
        }
        do {
            // Detached, on a queue of its own: a file system that does not answer must not keep the daemon from stopping.
            let queue = TaskQueue(label: "setup")
            let new = try await Task.detached(executorPreference: queue) { [options, setup] in
                try Setup(options, after: setup)
            }.value
            if isStopping { return refuse(Self.tooLate) }
            let changes = try await apply(new)
            for change in changes { log.notice("reload: \(change)") }
            if changes.isEmpty { log.notice("reload: nothing has changed") }
            return .success(ReloadResult(changed: changes))
        } catch let error as ConfigurationError {
            return refuse(error.lines)
        } catch {
            return refuse(["\(error)"])
        }
    }

    private static let tooLate = ["genred is stopping"]

    private func refuse(_ lines: [String]) -> Result<ReloadResult, RPCError> {
        for line in lines { log.error("reload refused, keeping the previous configuration: \(line)") }
        return .failure(RPCError(.reloadRefused, lines.joined(separator: "; ")))
    }

    /// Applies a setup. Returns what changed, for people.
    private func apply(_ new: Setup) async throws -> [String] {
        let old = setup
        // The steps that can fail come first.
        _ = try new.analysis.replacement(after: old.analysis)
        var changes = try await applySocket(new)
        let isSameModel = new.model.model.isCopy(of: old.model.model)
        let isSameUpdate = new.analysis.updateInterval == old.analysis.updateInterval
        let isSameEstimator = new.analysis.estimator == old.analysis.estimator
        let isSameAnalysis = isSameModel && isSameUpdate && isSameEstimator
        setup = new
        await hub.use(setup.hubSettings)
        if !isSameModel { changes.append("model: \(new.model.path)") }
        if !isSameUpdate { changes.append("update: every \(NumberText.plain(new.analysis.updateInterval)) s") }
        if !isSameEstimator { changes.append("estimator") }
        changes += await supervisor.use(new.configuration.sources, isSameAnalysis ? nil : setup.analysis)
        if new.history != old.history {
            await history.use(new.history)
            changes.append("history")
        }
        if new.configuration.log != old.configuration.log { changes.append("log") }
        level.value = new.configuration.log.level
        await summary.use(interval: new.configuration.log.summary)
        return changes
    }

    private func applySocket(_ new: Setup) async throws -> [String] {
        guard let server else { return [] }
        let settings = new.configuration.socket
        if await server.isPassed {
            if settings != setup.configuration.socket {
                logIgnoredSettings(await server.contradictions(to: settings))
            }
            return []
        }
        if new.socketPath != setup.socketPath {
            try await server.move(to: new.socketPath, settings)
            return ["socket: \(new.socketPath)"]
        }
        guard settings != setup.configuration.socket else { return [] }
        try await server.use(settings)
        return ["socket: mode and group"]
    }
}
