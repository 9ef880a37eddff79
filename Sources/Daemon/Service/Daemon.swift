// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import History
import Logging
import NIOCore
import NIOPosix
import Reporting
import ServiceLifecycle
import UnixSignals

/// The whole program: makes every part of the daemon from a setup, and runs them until they end.
actor Daemon {
    let options: CommandLineOptions
    let log: Logger
    let level: SharedLevel
    let notification: ServiceNotification
    let history: History
    let hub: Hub
    let supervisor: SourceSupervisor
    let summary: SummaryLog
    let memory: MemoryReturn
    var setup: Setup
    var server: ControlServer?
    /// The reload that is running, or the last one.
    var lastReload: Task<Result<ReloadResult, RPCError>, Never>?
    private(set) var isStopping = false
    private let service: ServiceEnvironment

    /// Makes every part and starts none.
    init(
        _ setup: Setup, options: CommandLineOptions, log: Logger, level: SharedLevel,
        workers: Int = ProcessInfo.processInfo.activeProcessorCount, service: ServiceEnvironment = .none
    ) throws(StartError) {
        self.setup = setup
        self.options = options
        self.log = log
        self.level = level
        self.service = service
        notification = ServiceNotification(path: service.notifySocket)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        history = History(setup.history, log: log)
        do throws(SystemError) {
            hub = try Hub(loop: loop, settings: setup.hubSettings, history: history, log: log)
        } catch {
            throw StartError(error)
        }
        supervisor = SourceSupervisor(hub: hub, analysis: setup.analysis, workers: workers, log: log)
        memory = MemoryReturn(loop: loop)
        summary = SummaryLog(hub: hub, interval: setup.configuration.log.summary)
    }

    /// Runs until the daemon is stopped or every source has ended.
    func run() async throws -> ExitStatus {
        // From here on signals wait until the services run, so that the socket is never left behind.
        let signals = await UnixSignalsSequence(trapping: SignalService.signals)
        let listening = try listen()
        announce(listening)
        // Before the first change, which needs a number. A disk that does not answer is not waited for.
        await history.open()
        // Before the server accepts clients, so that a client's reload finds every source. Early clients wait.
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
        notification.ready(await hub.statusLine())
        var services = [
            named(server),
            named(supervisor, successTerminationBehavior: .gracefullyShutdownGroup),
            named(summary),
            named(memory),
            named(StopNotice { await self.willStop() }),
            named(
                SignalService(signals: signals) { _ = await self.reload() },
                successTerminationBehavior: .gracefullyShutdownGroup),
        ]
        if notification.hasReceiver {
            services.append(named(StatusReport(hub: hub, notification: notification)))
            if let interval = service.watchdogInterval {
                services.append(named(Watchdog(hub: hub, notification: notification, interval: interval)))
            }
        }
        var configuration = ServiceGroupConfiguration(
            services: services, logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() })
        // No service needs that long. Whoever still waits then is cancelled, before the unit's TimeoutStopSec.
        configuration.maximumGracefulShutdownDuration = .seconds(6)
        try await ServiceGroup(configuration: configuration).run()
        await hub.endLabels()
        await closeHistory()
        let status: ExitStatus = await hub.haveAllFailed ? .sourcesFailed : .success
        try? await bell.close()
        let uptime = await hub.uptime
        log.info("stopped after \(DurationText.text(uptime))")
        return status
    }

    /// Takes the control socket that the service manager passed, or makes one.
    private func listen() throws(StartError) -> ControlSocket {
        do throws(SocketError) {
            guard let passed = service.descriptors.first else {
                let socket = setup.configuration.socket
                return try ControlSocket(path: setup.socketPath, mode: socket.mode, group: socket.group)
            }
            guard service.descriptors.count == 1 else {
                throw SocketError(
                    .badDescriptor,
                    "the service manager passed \(service.descriptors.count) descriptors, but genred takes only one:"
                        + " the socket unit must have a single ListenStream=")
            }
            return try ControlSocket(passed: passed)
        } catch {
            throw StartError(error)
        }
    }

    private func announce(_ socket: ControlSocket) {
        if let reason = setup.sourceReason { log.notice("\(reason)") }
        if setup.history.path == nil, !setup.history.isChosen {
            log.info(
                "history: kept only in memory, because there is no folder for it; choose a file with history: {path:}")
        }
        let origin = socket.isPassed ? ", passed by the service manager" : ""
        log.info("genred \(genredVersion): \(setup.status); control socket \(socket.path)\(origin)")
        if socket.isPassed { logIgnoredSettings(socket.contradictions(to: setup.configuration.socket)) }
    }

    /// Logs settings of the configuration that a socket made by the service manager does not have.
    func logIgnoredSettings(_ settings: [String]) {
        guard !settings.isEmpty else { return }
        log.notice(
            """
            the service manager made the control socket, so the configuration's socket \
            \(settings.joined(separator: ", ")) is ignored: change ListenStream=, SocketMode= or SocketGroup= in the \
            socket unit
            """)
    }

    /// Closes the history, but does not wait long for a disk that does not answer.
    private func closeHistory() async {
        let (end, ended) = AsyncStream.makeStream(of: Void.self)
        Task(executorPreference: TaskQueue.services) { [history] in
            await history.close()
            ended.finish()
        }
        hub.loop.scheduleTask(in: .seconds(3)) { ended.finish() }
        for await _ in end {}
    }

    private func willStop() {
        isStopping = true
        notification.stopping()
    }
}

extension Setup {
    /// A short description of the sources, for the log.
    var status: String {
        let sources = configuration.sources
        let names = sources.prefix(5).map { "\($0.name) (\($0.uri))" }.joined(separator: ", ")
        let rest = sources.count > 5 ? " and \(sources.count - 5) more" : ""
        return "\(NumberText.counted(sources.count, "source")), \(names)\(rest)"
    }
}

/// A service under its type's name. Without a name ServiceLifecycle would describe the service by reflection, which takes a
/// fifteenth of a start.
private func named(
    _ service: any Service,
    successTerminationBehavior: ServiceGroupConfiguration.ServiceConfiguration.TerminationBehavior = .cancelGroup
) -> ServiceGroupConfiguration.ServiceConfiguration {
    .init(
        service: service, successTerminationBehavior: successTerminationBehavior,
        serviceName: "\(type(of: service))")
}

/// Calls `action` when the daemon begins to stop.
private struct StopNotice: Service {
    let action: @Sendable () async -> Void

    func run() async throws {
        try? await gracefulShutdown()
        await action()
    }
}
