// SPDX-License-Identifier: GPL-3.0-or-later

/// When audio of a pipe will have come, learned from when it came before: whoever feeds in real time is as late as ever.
///
/// Times are monotonic seconds, audio is seconds since the stream's beginning.
struct ArrivalClock {
    /// The least difference between the time of a read and the audio that was there, in the present span and in the two before:
    /// an older one says nothing of a feed that has paused since, or whose clock runs differently.
    private var leastDelay = (now: Double.infinity, before: Double.infinity, earlier: Double.infinity)
    private var spanStart = -Double.infinity
    private static let span = 2.0
    /// Seconds by which the difference falls where a feed is faster than real time.
    private static let fast = 0.25
    /// What comes after the moment at which it could be there: writers write whole pieces.
    private var lateness = 0.0
    private static let mostLateness = 0.015
    /// A read that had been put off found less than was wanted: how much, and when that was.
    private var missed: (wanted: Double, at: Double)?
    /// The audio of the last read.
    private var lastHeard = 0.0

    /// Notes a read that has emptied the pipe.
    ///
    /// - Parameters:
    ///   - heard: the audio that has come by now.
    ///   - wanted: what the read had been put off for; nil for a read that had not.
    mutating func note(now: Double, heard: Double, wanted: Double?) {
        // After a pause the stream is counted anew.
        if heard < lastHeard { self = ArrivalClock() }
        lastHeard = heard
        // A read that was put off and found enough says only that it was not too early: what was known holds.
        let isFound = wanted.map { heard >= $0 } ?? false
        let known = isFound ? min(leastDelay.now, leastDelay.before) : .infinity
        if now - spanStart > Self.span {
            leastDelay = (.infinity, leastDelay.now, leastDelay.before)
            spanStart = now
        }
        leastDelay.now = min(leastDelay.now, now - heard, known)
        if let missed, heard >= missed.wanted {
            lateness = min(Self.mostLateness, lateness + now - missed.at + 0.001)
            self.missed = nil
        }
        if let wanted {
            if heard < wanted { missed = (wanted, now) } else { lateness *= 0.998 }
        }
    }

    /// When `wanted` will have come; nil while that is not known, while it is late, and for a feed that is faster than real time.
    func arrival(of wanted: Double) -> Double? {
        let least = min(leastDelay.now, leastDelay.before)
        guard missed == nil, leastDelay.earlier.isFinite, least.isFinite, leastDelay.earlier - least < Self.fast else {
            return nil
        }
        return least + wanted + lateness
    }
}
