// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import NIOCore

/// Where a stream writes: a connection. `write` queues, `flush` sends.
protocol EventSink: AnyObject {
    /// Whether the client keeps up: little waits for it.
    var isWritable: Bool { get }
    func write(_ text: ByteBuffer)
    func flush()
}

/// The server-sent events of one client.
///
/// A client that reads too slowly loses estimates and is told how many. Its changes are not kept in memory either: they
/// are in the daemon's history, and the stream reads them from there when the client has caught up, as it does for
/// one that comes back with `Last-Event-ID`.
///
/// It is only used on the server's event loop.
final class EventStream {
    /// Seconds between two comments, which keep proxies from closing the connection.
    static let commentInterval = 15.0

    private let hub: EventHub
    private weak var sink: (any EventSink)?
    private let source: String?
    /// All changes up to this one have been written or are not wanted.
    private var seq: Int
    /// Whether changes after `seq` have to be read from the history.
    private var isBehind: Bool
    private var isReading = false
    private var lostEstimates = 0
    /// The sources whose newest state has not been written.
    private var lateStates: Set<String> = []
    private var isDaemonLate = false
    private var nextComment = monotonicSeconds() + commentInterval
    private var needsFlush = false

    /// - Parameters:
    ///   - source: the only source to write events of; nil for all.
    ///   - seq: the change after which to begin; nil for the changes from now on.
    init(hub: EventHub, sink: any EventSink, source: String?, after seq: Int?) {
        self.hub = hub
        self.sink = sink
        self.source = source
        self.seq = seq ?? hub.newestSeq ?? 0
        isBehind = seq != nil
        if let newest = hub.newestSeq { meet(newest: newest) }
        write(EventText.start)
        for text in hub.beginning(source: source) { write(text) }
        hub.insert(self)
        proceed()
        flush()
    }

    /// The client is gone.
    func end() {
        sink = nil
        hub.remove(self)
    }

    // MARK: Events

    func offer(estimate text: ByteBuffer, of source: String) {
        guard wants(source) else { return }
        if isWritable { write(text) } else { lostEstimates += 1 }
    }

    func offer(change text: ByteBuffer, _ change: Change) {
        guard !isBehind, change.seq > seq else { return }
        guard isWritable else {
            isBehind = true
            return
        }
        seq = change.seq
        if wants(change.source) { write(text) }
    }

    func offer(state text: ByteBuffer, of source: String) {
        guard wants(source) else { return }
        if isWritable { write(text) } else { lateStates.insert(source) }
    }

    func offer(daemon text: ByteBuffer) {
        if isWritable { write(text) } else { isDaemonLate = true }
    }

    /// The daemon itself has dropped estimates, because this program was too slow.
    func lose(_ estimates: Int) {
        lostEstimates += estimates
        writeLost()
    }

    /// Compares the client's number with that of the daemon's newest change. One that the daemon has not reached is of
    /// another instance: everything is new to this client.
    func meet(newest: Int) {
        if seq > newest { seq = 0 }
    }

    /// The daemon has a new identity: its first change is the next one.
    func restart() {
        seq = 0
        isReading = false
    }

    /// The client reads again, or the daemon is back: writes what is due.
    func proceed() {
        guard isWritable else { return }
        writeLost()
        if isDaemonLate, let text = hub.daemonText { write(text) }
        isDaemonLate = false
        for source in lateStates.sorted() {
            if let text = hub.stateText(of: source) { write(text) }
        }
        lateStates = []
        if isBehind { readHistory() }
    }

    func tick() {
        let now = monotonicSeconds()
        if now >= nextComment, isWritable {
            write(EventText.comment)
            nextComment = now + Self.commentInterval
        }
        if isBehind { proceed() }
    }

    /// Sends something, so that a client that has closed the connection answers with a reset.
    func probe() {
        write(EventText.comment)
        flush()
    }

    func flush() {
        if needsFlush { sink?.flush() }
        needsFlush = false
    }

    // MARK: The history

    /// Reads the next page of changes; the pages end when a page holds everything that the feed has seen before it.
    private func readHistory() {
        guard !isReading, hub.reason == nil, let newest = hub.newestSeq else { return }
        if newest <= seq {
            isBehind = false
            return
        }
        isReading = true
        let generation = hub.generation
        let bound = NIOLoopBound(self, eventLoop: hub.loop)
        hub.changes(after: seq, source: source).whenComplete { result in
            bound.value.finishReading(result, newest: newest, generation: generation)
        }
    }

    private func finishReading(_ result: Result<HistoryResult, any Error>, newest: Int, generation: Int) {
        guard sink != nil, generation == hub.generation else { return }
        isReading = false
        // Failed: the next tick tries again.
        guard case .success(let page) = result else { return }
        for change in page.changes where change.seq > seq {
            seq = change.seq
            if let text = EventText.change(change) { write(text) }
        }
        // The history holds nothing else up to there.
        if !page.more || page.changes.isEmpty { seq = max(seq, newest) }
        proceed()
        flush()
    }

    // MARK: Writing

    private var isWritable: Bool { sink?.isWritable ?? false }

    private func wants(_ source: String) -> Bool { self.source == nil || self.source == source }

    private func writeLost() {
        guard lostEstimates > 0, isWritable, let text = EventText.lost(lostEstimates) else { return }
        lostEstimates = 0
        write(text)
    }

    private func write(_ text: ByteBuffer) {
        sink?.write(text)
        needsFlush = true
    }
}
