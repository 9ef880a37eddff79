import ControlProtocol
import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// The whole program, from a setup to its end.
actor Daemon {
    private let options: CommandLineOptions
    private let log: Logger
    private let level: SharedLevel
    private let notification: ServiceNotification
    private let hub: Hub
    private let supervisor: SourceSupervisor
    private let summary: SummaryLog
    private var setup: Setup
    private var server: ControlServer?
    private var lastReload: Task<Result<ReloadResult, RPCError>, Never>?
    private var isStopping = false

    /// Makes everything and starts nothing.
    init(
        _ setup: Setup, options: CommandLineOptions, log: Logger, level: SharedLevel,
        workers: Int = ProcessInfo.processInfo.activeProcessorCount, notification: ServiceNotification = .init()
    ) throws(StartError) {
        self.setup = setup
        self.options = options
        self.log = log
        self.level = level
        self.notification = notification
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        do throws(SystemError) {
            hub = try Hub(loop: loop, settings: setup.hubSettings, log: log)
        } catch {
            throw StartError(error)
        }
        supervisor = SourceSupervisor(hub: hub, analysis: setup.analysis, workers: workers, log: log)
        summary = SummaryLog(hub: hub, interval: setup.configuration.log.summary)
    }

    /// Runs until it is stopped or every source has ended.
    func run() async throws -> ExitStatus {
        // From here on a signal is kept until the services run, so that the socket is never left behind.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let socket = setup.configuration.socket
        let listening: ControlSocket
        do throws(SocketError) {
            listening = try ControlSocket(path: setup.socketPath, mode: socket.mode, group: socket.group)
        } catch {
            throw StartError(error)
        }
        announce()
        // Before anybody is served: a client's reload finds all sources there. Who connects meanwhile waits.
        _ = await supervisor.use(setup.configuration.sources, nil)
        let server: ControlServer
        let bell: any Channel
        do {
            bell = try await hub.listen()
            server = try await ControlServer(socket: listening, hub: hub) { await self.reload() }
        } catch {
            listening.remove()
            throw StartError(.system, "the control socket cannot be served: \(error)")
        }
        self.server = server
        notification.ready(setup.status)
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: server),
                .init(service: supervisor, successTerminationBehavior: .gracefullyShutdownGroup),
                .init(service: summary),
                .init(service: StopNotice { await self.willStop() }),
                .init(
                    service: SignalService(signals: signals) { _ = await self.reload() },
                    successTerminationBehavior: .gracefullyShutdownGroup),
            ],
            logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() })
        // Nothing of it takes that long; what would is left behind.
        configuration.maximumGracefulShutdownDuration = .seconds(3)
        try await ServiceGroup(configuration: configuration).run()
        let status: ExitStatus = await hub.haveAllFailed ? .sourcesFailed : .success
        try? await bell.close()
        let uptime = await hub.uptime
        log.info("stopped after \(spoken(uptime))")
        return status
    }

    private func announce() {
        if let reason = setup.sourceReason { log.notice("\(reason)") }
        log.info("genred \(genredVersion): \(setup.status); control socket \(setup.socketPath)")
    }

    private func willStop() {
        isStopping = true
        notification.stopping()
    }

    // MARK: Reload

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
        if isStopping { return .failure(RPCError(.reloadRefused, "genred is stopping")) }
        notification.reloading()
        defer { notification.ready(setup.status) }
        do {
            let new = try Setup(options, after: setup)
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

    private func refuse(_ lines: [String]) -> Result<ReloadResult, RPCError> {
        for line in lines { log.error("reload refused, everything stays as it was: \(line)") }
        return .failure(RPCError(.reloadRefused, lines.joined(separator: "; ")))
    }

    private func put(inForce new: Setup) async throws -> [String] {
        let old = setup
        // What can fail comes first.
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
        if new.configuration.history != old.configuration.history { changes.append("history") }
        if new.configuration.log != old.configuration.log { changes.append("log") }
        level.value = new.configuration.log.level
        await summary.use(interval: new.configuration.log.summary)
        return changes
    }

    private func useSocket(_ new: Setup) async throws -> [String] {
        guard let server else { return [] }
        let settings = new.configuration.socket
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

extension Setup {
    /// In a few words what this setup does.
    var status: String {
        let sources = configuration.sources
        let names = sources.prefix(5).map { "\($0.name) (\($0.uri))" }.joined(separator: ", ")
        let rest = sources.count > 5 ? " and \(sources.count - 5) more" : ""
        return "\(sources.count) \(sources.count == 1 ? "source" : "sources"), \(names)\(rest)"
    }
}

/// Calls something when the daemon begins to stop.
private struct StopNotice: Service {
    let action: @Sendable () async -> Void

    func run() async throws {
        try? await gracefulShutdown()
        await action()
    }
}

/// Reloads on SIGHUP, and comes to its end on any other signal.
private struct SignalService: Service {
    let signals: UnixSignalsSequence
    let reload: @Sendable () async -> Void

    func run() async throws {
        for await signal in signals.cancelOnGracefulShutdown() {
            guard signal == .sighup else { return }
            // Beside the wait for the next one: a stop does not have to wait for a reload.
            Task { await reload() }
        }
    }
}
