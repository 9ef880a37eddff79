// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// What one worker has to say to the hub about new estimates. Those of one look at the pipes are announced together, so that
/// the hub, which is woken by the first, reads them all: a wake-up costs as much as many estimates.
///
/// It belongs to the worker's thread, and allocates nothing.
final class Announcements {
    private struct Announcement {
        let listener: any AnalysisListener
        let slot: Int
        let isUrgent: Bool
    }

    /// The longest time that an announcement waits for others, in seconds.
    private static let longest = 0.001
    private static let most = 64

    private var waiting: [Announcement] = []
    /// When the first was made, in monotonic seconds.
    private var first = 0.0

    init() { waiting.reserveCapacity(Self.most) }

    func add(slot: Int, isUrgent: Bool, to listener: any AnalysisListener) {
        let now = monotonicSeconds()
        if waiting.isEmpty { first = now }
        waiting.append(Announcement(listener: listener, slot: slot, isUrgent: isUrgent))
        if waiting.count == Self.most || now - first > Self.longest { deliver() }
    }

    /// Call it before the thread sleeps.
    func deliver() {
        guard !waiting.isEmpty else { return }
        for each in waiting { each.listener.estimatesWait(slot: each.slot, isUrgent: each.isUrgent) }
        waiting.removeAll(keepingCapacity: true)
    }
}
