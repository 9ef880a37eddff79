// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// A change of label as the rules see it.
struct HeardChange: Codable, Sendable, Equatable {
    var change: Change
    /// `Description.instance` of the daemon.
    var instance: String
    /// The time of the change by the rules' clock: seconds.
    var time: Double
    /// Whether it was read from the history.
    var replayed: Bool
}

/// One rule fires for one source.
struct HookFiring: Sendable, Equatable {
    enum Kind: String, Codable, Sendable {
        /// The condition holds.
        case on
        /// The condition is over.
        case back
    }

    var kind: Kind
    /// The change that began the condition, or ended it.
    var heard: HeardChange
    /// Seconds that the condition has held, or did hold.
    var held: Double
}

/// One rule at one source: what it has seen and reported. It knows no clock: each call says what time it is, in seconds.
///
/// What is over by the time that it is learnt is reported only if it is not too old. What still holds is reported,
/// however late.
struct RuleState: Codable, Sendable, Equatable {
    /// The condition, from the change that began it until it is over and that was reported.
    struct Span: Codable, Sendable, Equatable {
        var first: HeardChange
        /// When it began; later by the time in which nothing was known.
        var began: Double
        var isReported = false
        /// Since when nothing is known.
        var unknownSince: Double?
        /// The change that ended it, while that may still be undone.
        var last: HeardChange?
        var ended: Double?
    }

    private(set) var span: Span?
    /// When the rule fired last.
    private(set) var fired: Double?

    /// Takes a change, and returns what it leads to at once.
    ///
    /// - Parameters:
    ///   - now: later than the change if that was missed when it happened.
    mutating func apply(_ heard: HeardChange, _ rule: HookRule, now: Double) -> [HookFiring] {
        var firings: [HookFiring] = []
        // Whatever was due before this change.
        if let firing = reportEnd(rule, by: heard.time) { firings.append(firing) }
        switch rule.condition.verdict(on: heard.change.to) {
        case .isUnknown:
            if let firing = reportMissed(rule, by: heard.time, now: now) { firings.append(firing) }
            if span?.unknownSince == nil { span?.unknownSince = heard.time }
        case .holds:
            if rule.condition.labels == nil {
                if let firing = reportMissed(rule, by: heard.time, now: now) { firings.append(firing) }
                span = nil
            }
            if span == nil { span = Span(first: heard, began: heard.time) }
            resume(at: heard.time)
            span?.ended = nil
            span?.last = nil
        case .isOver:
            if let firing = reportMissed(rule, by: heard.time, now: now) { firings.append(firing) }
            end(heard, rule)
        }
        return firings
    }

    /// Returns what is due now that all changes so far were applied.
    mutating func advance(_ rule: HookRule, to now: Double) -> HookFiring? {
        if let firing = reportEnd(rule, by: now) { return firing }
        guard let due = due(rule), due <= now else { return nil }
        return reportStart(at: now)
    }

    /// When `advance` has something to return; nil if only a change can lead to that.
    func deadline(_ rule: HookRule) -> Double? { due(rule) ?? endDue(rule) }

    /// Whether it is as good as new.
    func isIdle(_ rule: HookRule, at now: Double) -> Bool {
        span == nil && (fired.map { $0 + rule.condition.cooldown <= now } ?? true)
    }

    /// Moves all times, to another clock.
    mutating func shift(by seconds: Double) {
        fired? += seconds
        span?.first.time += seconds
        span?.last?.time += seconds
        span?.began += seconds
        span?.unknownSince? += seconds
        span?.ended? += seconds
    }

    // MARK: The steps

    /// When the rule fires if nothing changes.
    private func due(_ rule: HookRule) -> Double? {
        guard let span, !span.isReported, span.unknownSince == nil, span.ended == nil else { return nil }
        return max(span.began + rule.condition.duration, fired.map { $0 + rule.condition.cooldown } ?? -.infinity)
    }

    /// When the end is reported if nothing changes.
    private func endDue(_ rule: HookRule) -> Double? {
        guard let span, let ended = span.ended, span.unknownSince == nil else { return nil }
        return ended + (rule.condition.back ?? 0)
    }

    private mutating func reportStart(at time: Double) -> HookFiring? {
        guard let span else { return nil }
        self.span?.isReported = true
        fired = time
        return HookFiring(kind: .on, heard: span.first, held: max(0, time - span.began))
    }

    /// Fires if that was due by a time that has passed, and is not too long ago.
    private mutating func reportMissed(_ rule: HookRule, by time: Double, now: Double) -> HookFiring? {
        guard let due = due(rule), due <= time, now - due <= rule.maxAge else { return nil }
        return reportStart(at: due)
    }

    private mutating func reportEnd(_ rule: HookRule, by time: Double) -> HookFiring? {
        guard let due = endDue(rule), due <= time, let span, let last = span.last, let ended = span.ended else {
            return nil
        }
        self.span = nil
        return HookFiring(kind: .back, heard: last, held: max(0, ended - span.began))
    }

    /// The time in which nothing was known does not count.
    private mutating func resume(at time: Double) {
        guard let unknownSince = span?.unknownSince else { return }
        span?.began += max(0, time - unknownSince)
        span?.unknownSince = nil
    }

    private mutating func end(_ heard: HeardChange, _ rule: HookRule) {
        guard let span else { return }
        guard span.isReported, rule.condition.back != nil else {
            self.span = nil
            return
        }
        if let ended = span.ended {
            guard span.unknownSince != nil else { return }
            // Known again: it has been over since now, and held no longer than it did.
            self.span?.began += heard.time - ended
            self.span?.unknownSince = nil
        } else {
            resume(at: heard.time)
        }
        self.span?.ended = heard.time
        self.span?.last = heard
    }
}
