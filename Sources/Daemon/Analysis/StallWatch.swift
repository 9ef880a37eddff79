// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Notices which of a worker's sources have delivered nothing for a while, and tells the listener.
///
/// It belongs to the worker's thread, which wakes up for the sources' audio anyway: a check of sources that deliver costs no
/// wake-up of its own. Only a stall does.
struct StallWatch {
    /// Seconds without a sample after which a source counts as quiet.
    static let patience = 1.0
    /// Before its first sample a source may take so many times as long: sound servers take their time (a monitor of PulseAudio
    /// up to 2 s).
    static let factorAtFirst = 3.0
    /// After these times without a sample the listener is told. It decides which of them matters.
    private static let moments = [patience, factorAtFirst * patience]

    private struct Watched {
        let slot: Int
        let health: SourceHealth
        /// How many of `moments` the listener has been told of since the last sample.
        var told = 0
    }

    private let listener: any AnalysisListener
    private var watched: [Watched] = []
    private var lastLook = 0.0
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

    /// Tells the listener what there is to tell. Call it before the thread may sleep. Neither allocates nor locks, unless it
    /// has something to tell.
    ///
    /// - Parameter now: monotonic seconds.
    /// - Returns: seconds until the next call must come, at the latest; infinite if only audio can bring anything new.
    mutating func check(now: Double = monotonicSeconds()) -> Double {
        // Sources that deliver are looked at twice a second, whenever the thread is awake. One that was quiet is looked at
        // sooner: a look must come between its next sample and the end of the patience after that.
        let next = lastLook + Self.patience / (anyIsQuiet ? 8 : 2)
        if now > due + Self.patience {
            // Much too late: the whole process was held up, and what came meanwhile is still on its way.
            due = now + Self.patience
            lastLook = due
        } else if now >= due || now >= next {
            look(now)
            lastLook = now
        } else if anyIsQuiet {
            // The thread may be awake because of that sample, and not again soon.
            due = min(due, lastLook + Self.patience / 2)
        }
        return due - now
    }

    private mutating func look(_ now: Double) {
        due = .infinity
        anyIsQuiet = false
        for index in watched.indices {
            let quiet = watched[index].health.secondsSinceDelivery(now: now)
            let passed = Self.moments.count { $0 <= quiet }
            // Fewer than before: it was heard in between.
            if passed > 0, passed != watched[index].told { listener.sourceIsQuiet(slot: watched[index].slot) }
            watched[index].told = passed
            if passed > 0 { anyIsQuiet = true }
            if passed < Self.moments.count { due = min(due, now + Self.moments[passed] - quiet) }
        }
    }
}
