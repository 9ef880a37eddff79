// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import History
import Logging
import NIOCore
import Synchronization

/// Collects every source's estimates and serves them to clients, history and log.
///
/// It runs on the event loop that also serves the control socket: a request is answered where it arrives, and a
/// client's requests in their order. Nothing in the audio path waits for it, except a stream whose ring of estimates
/// (seconds of them) is full.
actor Hub {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

    nonisolated let history: History
    let log: Logger
    let clients = ControlClients()
    /// Seconds without a sample after which a source has no signal.
    let patience: Double
    var summaryClock = SummaryClock()
    /// The sources, in the order of the configuration.
    private(set) var sources: [HubSource] = []
    private(set) var settings: HubSettings

    /// The same sources by the slot that the analysis identifies them by.
    private var sourceOfSlot = [HubSource?](repeating: nil, count: AnalysisPool.slots)
    private var started = Moment()
    /// Whether the next update of the history is scheduled.
    private var willNoteLabels = false

    /// Whether a client wants every estimate. If not, the analysis wakes the hub only for what is urgent, and the hub reads
    /// the other estimates when somebody asks.
    private nonisolated let wantsEveryEstimate = Atomic<Bool>(false)
    /// Whether a ring of estimates is being read.
    private var isPublishing = false
    private nonisolated let ready = ReadySet(slots: AnalysisPool.slots)
    private nonisolated let bell: Bell
    private let endings: AsyncStream<Void>.Continuation
    /// Yields when no source can deliver any more audio.
    nonisolated let allEnded: AsyncStream<Void>

    /// - Parameter patience: seconds without a sample after which a source has no signal.
    init(
        loop: any EventLoop, settings: HubSettings, history: History, log: Logger,
        patience: Double = StallWatch.patience
    ) throws(SystemError) {
        self.loop = loop
        self.patience = patience
        self.log = log
        self.settings = settings
        self.history = history
        bell = try Bell()
        (allEnded, endings) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func use(_ new: HubSettings) { settings = new }

    var model: ModelInfo { settings.model }

    /// When the daemon started, corrected if the clock has been set since.
    var startTime: Timestamp {
        started.follow(.now)
        return started.time
    }

    /// Seconds since the start.
    var uptime: Double { started.elapsed }

    // MARK: Sources

    /// Adds a source before its capture starts.
    func add(_ source: sending HubSource) {
        sources.append(source)
        sourceOfSlot[source.slot] = source
        noteLabelsLater()
    }

    /// Forgets a source whose capture has stopped.
    func remove(slot: Int) {
        if let source = source(inSlot: slot) {
            endLabel(of: source)
            clients.flush()
        }
        sourceOfSlot[slot] = nil
        sources.removeAll { $0.slot == slot }
    }

    /// Puts the sources in the order of the configuration.
    func arrange(_ names: [String]) {
        let place = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
        sources.sort { (place[$0.name] ?? .max) < (place[$1.name] ?? .max) }
        reportIfAllEnded()
    }

    func source(named name: String) -> HubSource? { sources.first { $0.name == name } }

    func source(inSlot slot: Int) -> HubSource? { sourceOfSlot[slot] }

    /// The sources that ended with an error: nothing more comes of them unless they are started again.
    var failedSlots: Set<Int> { Set(sources.filter(\.device.hasFailed).map(\.slot)) }

    /// Whether there are sources and each one ended with an error.
    var haveAllFailed: Bool { !sources.isEmpty && failedSlots.count == sources.count }

    private func reportIfAllEnded() {
        if !sources.isEmpty, sources.allSatisfy(\.device.isEnded) { endings.yield() }
    }

    // MARK: The analysis

    /// Receives what the analysis posts from now on, until the channel is closed.
    func listen() async throws -> any Channel {
        try await bell.listen(on: loop) { self.assumeIsolated { $0.publishAll() } }.get()
    }

    /// Publishes all waiting estimates.
    private func publishAll() {
        bell.clear()
        ready.takeAll { slot in
            if let source = source(inSlot: slot) { publishEstimates(of: source) }
        }
        clients.flush()
    }

    /// Publishes what the analysis has not announced: call it before what is known is read. It sends nothing: whoever wants
    /// every estimate is sent what was announced.
    func publishUnannounced() {
        for source in sources { publishEstimates(of: source) }
    }

    /// Call it before a client subscribes to estimates, so that it gets all that come from now on and none from before.
    func beginEveryEstimate() {
        wantsEveryEstimate.store(true, ordering: .sequentiallyConsistent)
        // The analysis may have looked before: both sides have a fence between their write and their look.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        publishUnannounced()
    }

    /// Call it when a client has subscribed, or has gone.
    func subscribersChanged() {
        wantsEveryEstimate.store(clients.wantEstimates, ordering: .sequentiallyConsistent)
    }

    func publishEstimates(of source: HubSource) {
        // A notification can close a client's channel, whose handlers must not read the same ring.
        guard !isPublishing, let ring = source.estimates else { return }
        isPublishing = true
        defer { isPublishing = false }
        let producerWaits = ring.drain { publish($0, of: source) }
        if producerWaits { source.wakeAnalysis() }
    }

    private func apply(_ event: TrackEvent, to source: HubSource) {
        // Estimates that came before the event come first.
        publishEstimates(of: source)
        switch event {
        case .opened(let format, let ring, let labels):
            source.estimates = ring
            source.use(labels: labels)
            streamOpened(format, of: source)
        case .replaced(let ring, let labels):
            source.estimates = ring
            source.use(labels: labels)
        case .relabelled(let labels):
            // A source that has ended keeps its last estimate.
            if !source.device.isEnded { source.use(labels: labels) }
        case .said(let report):
            stationSaid(report, of: source)
        case .happened(let event):
            streamContinues(event, of: source)
        case .closed(let event):
            source.estimates = nil
            streamClosed(event, of: source)
        }
        publishEstimates(of: source)
        clients.flush()
        reportIfAllEnded()
    }

    // MARK: The history

    /// The most that the history loses of a lasting label when the daemon is killed.
    private static let noteInterval = TimeAmount.seconds(15)

    /// The current labels.
    func openLabels() -> [OpenLabel] {
        publishUnannounced()
        for source in sources { source.advanceQuiet() }
        return sources.map(\.openLabel)
    }

    /// Publishes the end of every source's label, when the daemon stops. Nothing is published after that.
    func endLabels() {
        for source in sources { endLabel(of: source) }
        clients.flush()
    }

    private func endLabel(of source: HubSource) {
        publishEstimates(of: source)
        guard let stop = source.endLabel() else { return }
        let change = history.append(stop)
        clients.notify(.change(change), kind: .change, source: source.name)
    }

    /// Schedules an update of the history: how long the labels have lasted.
    func noteLabelsLater() {
        guard !willNoteLabels else { return }
        willNoteLabels = true
        loop.scheduleTask(in: Self.noteInterval) { [weak self] in self?.assumeIsolated { $0.noteLabels() } }
    }

    private func noteLabels() {
        willNoteLabels = false
        publishUnannounced()
        for source in sources {
            source.advanceQuiet()
            // The silence of a suspended sink is as sure as that of one that plays it, and clients expect to be told.
            if source.device.suspension?.isSilence == true { publishUnknown(.silence, of: source) }
        }
        clients.flush()
        history.note(sources.filter { $0.takeNote() }.map(\.openLabel))
        // The label of a source without signal lasts, too.
        if sources.contains(where: { !$0.device.isEnded }) { noteLabelsLater() }
    }
}

extension Hub: AnalysisListener {
    nonisolated func estimatesWait(slot: Int, isUrgent: Bool) {
        // See `beginEveryEstimate`.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isUrgent || wantsEveryEstimate.load(ordering: .sequentiallyConsistent) else { return }
        if ready.insert(slot) { bell.ring() }
    }

    nonisolated func sourceIsQuiet(slot: Int) {
        loop.execute {
            self.assumeIsolated { hub in
                if let source = hub.source(inSlot: slot) { hub.checkForStall(of: source) }
            }
        }
    }

    nonisolated func post(_ event: TrackEvent, slot: Int) {
        loop.execute {
            self.assumeIsolated { hub in
                if let source = hub.source(inSlot: slot) { hub.apply(event, to: source) }
            }
        }
    }
}

/// The part of the setup that the hub reports to clients.
struct HubSettings: Sendable {
    /// Made when a client asks for the first time after a start or a reload, which must not wait for the model's card.
    private(set) lazy var model = makeModel()
    private let makeModel: @Sendable () -> ModelInfo
    /// The configuration file in force; nil without one.
    let configurationFile: String?

    init(configurationFile: String?, model: @escaping @Sendable () -> ModelInfo) {
        makeModel = model
        self.configurationFile = configurationFile
    }
}
