// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import History
import Logging
import NIOCore

/// Where everything meets that is known of the sources: takes the estimates out of their rings, sees changes, tells
/// the history and the subscribers, answers the control socket, and logs.
///
/// It runs on the event loop that also serves the control socket: a request is answered where it arrives, and a
/// client's requests in their order. Nothing of the audio path waits for it, but a stream whose ring of estimates
/// (seconds of them) is full.
actor Hub {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

    let log: Logger
    /// The sources, in the order of the configuration.
    var sources: [HubSource] = []
    /// The same by the slot that the analysis knows them by.
    var sourceOfSlot = [HubSource?](repeating: nil, count: AnalysisPool.slots)
    var subscribers: [Client: Subscription] = [:]
    nonisolated let history: History
    /// Whether the history will be told how long the labels have lasted.
    var willNoteLabels = false
    /// What the configuration says about it, and whom it is of.
    var settings: HubSettings
    var started = Moment()
    /// Those of the control socket.
    var connections: Set<Client> = []
    let patience: Double
    /// Since when the tallies of the summary count.
    var tallyStart = monotonicSeconds()

    private nonisolated let ready = ReadySet(slots: AnalysisPool.slots)
    nonisolated let bell: Bell
    private let endings: AsyncStream<Void>.Continuation
    /// Yields when no source is left that can still deliver anything.
    nonisolated let allEnded: AsyncStream<Void>

    /// - Parameter patience: seconds without a sample after which a source has no signal.
    init(
        loop: any EventLoop, settings: HubSettings, history: History, log: Logger, patience: Double = 1
    ) throws(SystemError) {
        self.loop = loop
        self.patience = patience
        self.log = log
        self.settings = settings
        self.history = history
        bell = try Bell()
        (allEnded, endings) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Runs on the hub, from any thread, later; in the order of the calls.
    nonisolated func later(_ body: @escaping @Sendable (isolated Hub) -> Void) {
        loop.execute { self.assumeIsolated(body) }
    }

    /// Takes what the analysis brings from now on, until the channel is closed.
    func listen() async throws -> any Channel {
        try await bell.listen(on: loop) { self.assumeIsolated { $0.drainAll() } }.get()
    }

    func source(named name: String) -> HubSource? { sources.first { $0.name == name } }

    // MARK: The analysis

    /// Takes every estimate that waits.
    func drainAll() {
        bell.clear()
        ready.takeAll { slot in
            if let source = sourceOfSlot[slot] { drain(source) }
        }
        flushSubscribers()
    }

    /// Takes the estimates of one source out of its ring.
    private func drain(_ source: HubSource) {
        guard let ring = source.estimates else { return }
        let producerWaits = ring.drain { take($0, of: source) }
        if producerWaits { source.wakeAnalysis() }
    }

    private func apply(_ event: TrackEvent, to source: HubSource) {
        // What was estimated before comes first.
        drain(source)
        switch event {
        case .opened(let format, let ring, let labels):
            source.estimates = ring
            source.labels = labels
            opened(source, format)
        case .replaced(let ring, let labels):
            source.estimates = ring
            source.relabel(labels)
        case .relabelled(let labels):
            // What a source was at its end it remains.
            if !source.isEnded { source.relabel(labels) }
        case .closed(let event):
            source.estimates = nil
            closed(source, event)
        }
        drain(source)
        flushSubscribers()
        tellIfAllEnded()
    }

    func tellIfAllEnded() {
        if !sources.isEmpty, sources.allSatisfy(\.isEnded) { endings.yield() }
    }
}

extension Hub: AnalysisListener {
    nonisolated func estimatesWait(slot: Int) {
        if ready.insert(slot) { bell.ring() }
    }

    nonisolated func post(_ event: TrackEvent, slot: Int) {
        later { hub in
            if let source = hub.sourceOfSlot[slot] { hub.apply(event, to: source) }
        }
    }
}

/// What the hub is told about the daemon.
struct HubSettings: Sendable {
    var model: ModelInfo
    /// The configuration file in force.
    var configurationFile: String?
}
