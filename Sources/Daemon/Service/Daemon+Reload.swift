// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// A new configuration while the sources play.
extension Daemon {
    /// Reads the configuration again and puts it in force as a whole, or changes nothing and says why. One at a time.
    func reload() async -> Result<ReloadResult, RPCError> {
        let previous = lastReload
        let task = Task {
            _ = await previous?.value
            return await self.reloadNow()
        }
        lastReload = task
        return await task.value
    }

    private func reloadNow() async -> Result<ReloadResult, RPCError> {
        if isStopping { return refuse(Self.tooLate) }
        notification.reloading()
        defer { notification.reloaded() }
        do {
            // Elsewhere: a file system that does not answer must not keep the daemon from stopping.
            let new = try await Task.detached { [options, setup] in try Setup(options, after: setup) }.value
            if isStopping { return refuse(Self.tooLate) }
            let changes = try await put(inForce: new)
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
        for line in lines { log.error("reload refused, everything stays as it was: \(line)") }
        return .failure(RPCError(.reloadRefused, lines.joined(separator: "; ")))
    }

    private func put(inForce new: Setup) async throws -> [String] {
        let old = setup
        // What can fail comes first.
        _ = try new.analysis.replacement()
        var changes = try await useSocket(new)
        let isSameModel = new.model.isSame(as: old.model)
        let isSameUpdate = new.analysis.updateInterval == old.analysis.updateInterval
        let isSameEstimator = new.analysis.estimator == old.analysis.estimator
        let isSameAnalysis = isSameModel && isSameUpdate && isSameEstimator
        setup = new
        // The model that is loaded already serves as well, and is shared.
        if isSameModel { setup.model = old.model }
        setup.analysis.model = setup.model.model
        await hub.use(setup.hubSettings)
        if !isSameModel { changes.append("model: \(new.model.path)") }
        if !isSameUpdate { changes.append("update: every \(plain(new.analysis.updateInterval)) s") }
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

    private func useSocket(_ new: Setup) async throws -> [String] {
        guard let server else { return [] }
        let settings = new.configuration.socket
        if await server.isPassed {
            if settings != setup.configuration.socket {
                sayWhatIsPassedOver(await server.contradictions(to: settings))
            }
            return []
        }
        if new.socketPath != setup.socketPath {
            try await server.move(
                to: ControlSocket(path: new.socketPath, mode: settings.mode, group: settings.group))
            return ["socket: \(new.socketPath)"]
        }
        guard settings != setup.configuration.socket else { return [] }
        try await server.use(settings)
        return ["socket: mode and group"]
    }
}
