// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Puts a daemon's changes in order: those that arrive now, behind those that its history has from before. Each change is
/// returned once. Its memory is bounded.
struct ChangeSequence {
    /// The last change that was returned; nil to begin with the changes from now on.
    private(set) var position: FeedPosition?
    /// Whether changes wait in the history.
    private var isBehind = true
    /// Changes that were read from the history, the next one last.
    private var missed: [Change] = []
    /// Changes that have just happened, oldest first.
    private var live: [Change] = []

    init(after position: FeedPosition?) { self.position = position }

    /// The daemon answers, for the first time or again.
    ///
    /// - Parameter newest: the number of the newest change in its history; 0 if there is none.
    mutating func connected(to instance: String, newest: Int) {
        if position?.instance != instance {
            // A daemon that was never heard begins now; one that has a new identity begins with its first change.
            position = FeedPosition(instance: instance, seq: position == nil ? newest : 0)
            (missed, live) = ([], [])
        }
        isBehind = true
    }

    /// A change that has just happened.
    mutating func arrived(_ change: Change) {
        guard change.seq > live.last?.seq ?? 0 else { return }
        if live.count == DaemonFeed.page {
            live = []
            isBehind = true
        } else {
            live.append(change)
        }
    }

    /// Returns the next change, if there is one.
    ///
    /// - Parameter read: reads the page of the history that begins after a number.
    mutating func next<Failure: Error>(
        _ read: (Int) throws(Failure) -> HistoryResult
    ) throws(Failure) -> FeedEvent? {
        guard var position else { return nil }
        while let first = live.first, first.seq <= position.seq { live.removeFirst() }
        if missed.isEmpty, let first = live.first, first.seq != position.seq + 1 { isBehind = true }
        if missed.isEmpty, isBehind {
            let page = try read(position.seq)
            // A daemon that ignores the parameter must not make changes come twice.
            missed = page.changes.prefix(DaemonFeed.page).filter { $0.seq > position.seq }.sorted { $0.seq > $1.seq }
            isBehind = page.more && !missed.isEmpty
        }
        // A number that is in neither is a hole: of a daemon that was killed, or of a history that was pruned.
        guard let seq = [missed.last, live.first].compactMap(\.?.seq).min() else { return nil }
        let old = missed.last?.seq == seq ? missed.removeLast() : nil
        let new = live.first?.seq == seq ? live.removeFirst() : nil
        guard let change = new ?? old else { return nil }
        position.seq = seq
        self.position = position
        return .change(change, replayed: new == nil)
    }
}
