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
    /// What the writer writes at once: the largest piece of which every read was a multiple, since that was forgotten last. 0 if
    /// unknown.
    private var piece = 0.0
    /// Spans since it was forgotten, and after how many it is: one odd write must not count for ever, nor one read of two pieces.
    private var spans = 0
    private static let memory = 15
    /// A shorter piece says nothing, and two that differ by less are the same: a sample takes longer.
    private static let (shortestPiece, tolerance) = (0.004, 0.000005)

    /// Notes a read that has emptied the pipe.
    ///
    /// - Parameters:
    ///   - heard: the audio that has come by now.
    ///   - wanted: what the read had been put off for; nil for a read that had not.
    mutating func note(now: Double, heard: Double, wanted: Double?) {
        // After a pause the stream is counted anew.
        if heard < lastHeard { self = ArrivalClock() }
        learnPiece(from: heard - lastHeard, wasPutOff: wanted != nil)
        lastHeard = heard
        // A read that was put off and found enough says only that it was not too early: what was known holds.
        let isFound = wanted.map { heard >= $0 } ?? false
        let known = isFound ? min(leastDelay.now, leastDelay.before) : .infinity
        if now - spanStart > Self.span {
            leastDelay = (.infinity, leastDelay.now, leastDelay.before)
            spanStart = now
            spans += 1
            if piece < Self.shortestPiece || spans == Self.memory { (piece, spans) = (0, 0) }
        }
        leastDelay.now = min(leastDelay.now, now - heard, known)
        if let missed, heard >= missed.wanted {
            let late = now - missed.at
            // What comes much later is a burst, or the end of a pause.
            if late < 2 * Self.mostLateness { lateness = min(Self.mostLateness, lateness + late + 0.001) }
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
        return least + wholePieces(for: wanted) + lateness
    }

    /// The audio that is there when `wanted` is: the end of a piece.
    private func wholePieces(for wanted: Double) -> Double {
        guard piece >= Self.shortestPiece, wanted > lastHeard else { return wanted }
        return lastHeard + ((wanted - lastHeard - Self.tolerance) / piece).rounded(.up) * piece
    }

    /// Takes the greatest common divisor. A read that was put off brought many pieces, so it cannot be the first to count.
    private mutating func learnPiece(from length: Double, wasPutOff: Bool) {
        guard length > Self.tolerance else { return }
        guard piece > 0 else {
            if !wasPutOff { piece = length }
            return
        }
        var (larger, smaller) = (max(piece, length), min(piece, length))
        while smaller > Self.tolerance {
            let rest = abs(larger - (larger / smaller).rounded() * smaller)
            (larger, smaller) = (smaller, rest)
        }
        piece = larger
    }
}
