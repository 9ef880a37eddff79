// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// What one worker has to say to the hub about new estimates. Those of one look at the pipes are announced together, so that
/// the hub, which is woken by the first, reads them all: a wake-up costs as much as many estimates.
///
/// It belongs to the worker's thread, and allocates nothing. It does not hold the listener for each announcement: threads that
/// count references to the same object slow each other down.
final class Announcements {
    /// Seconds after which the next announcement delivers all that wait.
    private static let longestWait = 0.001
    private static let mostWaiting = 64

    let listener: any AnalysisListener
    private var waiting: [(slot: Int, isUrgent: Bool)] = []
    /// When the first of these was made, in monotonic seconds.
    private var firstTime = 0.0

    init(listener: any AnalysisListener) {
        self.listener = listener
        waiting.reserveCapacity(Self.mostWaiting)
    }

    func add(slot: Int, isUrgent: Bool) {
        let now = monotonicSeconds()
        if waiting.isEmpty { firstTime = now }
        waiting.append((slot, isUrgent))
        if waiting.count == Self.mostWaiting || now - firstTime > Self.longestWait { deliver() }
    }

    /// Call it before the thread may sleep, and at its end.
    func deliver() {
        guard !waiting.isEmpty else { return }
        for (slot, isUrgent) in waiting { listener.estimatesWait(slot: slot, isUrgent: isUrgent) }
        waiting.removeAll(keepingCapacity: true)
    }
}
