// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Notices which of a worker's sources have delivered nothing for a while, and tells the listener.
///
/// It belongs to the worker's thread, which wakes up for the sources' audio anyway: a check of sources that deliver costs no
/// wake-up of its own. Only a stall does.
struct StallWatch {
    /// Seconds without a sample after which a source counts as quiet.
    static let patience = 1.0
    /// After these times without a sample the listener is told. Sound servers take their time before the first sample (a
    /// monitor of PulseAudio up to 2 s), so the listener may want to hear of it again.
    private static let moments = [patience, 3 * patience]

    private struct Watched {
        let slot: Int
        let health: SourceHealth
        /// How many of `moments` the listener has been told of since the last sample.
        var told = 0
    }

    private let listener: any AnalysisListener
    private var watched: [Watched] = []
    private var lastCheck = 0.0
    /// When the next of `moments` comes if nothing is delivered before it, in monotonic seconds.
    private var due = Double.infinity
    /// Whether the listener has been told of a source that has delivered nothing since.
    private var anyIsQuiet = false

    init(listener: any AnalysisListener) { self.listener = listener }

    /// - Parameter now: monotonic seconds.
    mutating func watch(_ slot: Int, _ health: SourceHealth, now: Double = monotonicSeconds()) {
        watched.append(Watched(slot: slot, health: health))
        due = min(due, now + Self.patience)
    }

    mutating func forget(_ slot: Int) { watched.removeAll { $0.slot == slot } }

    /// Tells the listener what there is to tell. Call it before the thread may sleep. Neither allocates nor locks.
    ///
    /// - Parameter now: monotonic seconds.
    /// - Returns: seconds until the next call must come, at the latest; infinite if only audio can bring anything new.
    mutating func check(now: Double = monotonicSeconds()) -> Double {
        // Half the patience is often enough for sources that deliver. One that was quiet may be quiet again.
        let next = lastCheck + Self.patience / (anyIsQuiet ? 8 : 2)
        if now >= due || now >= next {
            // Much too late: the whole process was held up, and what came meanwhile is still on its way.
            if now > due + Self.patience {
                due = now + Self.patience
            } else {
                look(now)
            }
            lastCheck = now
        } else if anyIsQuiet {
            due = min(due, next)
        }
        return due - now
    }

    private mutating func look(_ now: Double) {
        due = .infinity
        anyIsQuiet = false
        for index in watched.indices {
            let quiet = watched[index].health.secondsSinceDelivery(now: now)
            let passed = Self.moments.count { $0 <= quiet }
            if passed > watched[index].told { listener.sourceIsQuiet(slot: watched[index].slot) }
            watched[index].told = passed
            if passed > 0 { anyIsQuiet = true }
            if passed < Self.moments.count { due = min(due, now + Self.moments[passed] - quiet) }
        }
    }
}
