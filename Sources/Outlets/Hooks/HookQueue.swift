// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// How a delivery went.
enum HookOutcome: Sendable, Equatable {
    case done
    /// Try again, but not before so many seconds have passed.
    case retry(String, after: Double)
    case failed(String)
}

/// The events that wait for one rule's action, which takes one at a time and in order.
struct HookQueue: Sendable {
    /// The most events that wait, for one rule and for all rules together.
    static let longest = 2000
    static let longestOfAll = 20_000

    /// The most that wait for one of so many rules.
    static func limit(rules: Int) -> Int { max(100, min(longest, longestOfAll / max(1, rules))) }
    /// The longest wait that a server's Retry-After is granted.
    static let longestRetryAfter = 300.0

    /// What a log should say. The first failure is news, and so is the end of the failures; what is between is counted.
    enum News: Sendable, Equatable {
        case fails(String, isRetried: Bool)
        case givesUp
        case isFull
        case works(lost: Int)
    }

    /// The next one first; also the one that is on its way.
    private(set) var deliveries: [HookDelivery] = []
    private(set) var isBusy = false
    private var backoff = Backoff(least: 1, most: 60, spread: 0.2)
    private var notBefore = -Double.infinity
    private var isFailing = false
    private var hasGivenUp = false
    private var isFull = false
    /// Events lost since the last one that was delivered.
    private var lost = 0

    /// Adds an event. The oldest makes room.
    mutating func add(_ delivery: HookDelivery, limit: Int = longest) -> News? {
        deliveries.append(delivery)
        guard deliveries.count > limit else { return nil }
        deliveries.remove(at: isBusy ? 1 : 0)
        lost += 1
        defer { isFull = true }
        return isFull ? nil : .isFull
    }

    /// When `start` has something; nil if it has nothing to wait for.
    var next: Double? { isBusy || deliveries.isEmpty ? nil : notBefore }

    /// Takes the next event, unless it is too early for it.
    mutating func start(at now: Double, maxAge: Double) -> (delivery: HookDelivery?, news: News?) {
        guard !isBusy, notBefore <= now else { return (nil, nil) }
        var news: News?
        while let first = deliveries.first, now - first.time > maxAge { news = giveUp() ?? news }
        isBusy = !deliveries.isEmpty
        return (deliveries.first, news)
    }

    /// Ends what `start` began.
    mutating func finish(_ outcome: HookOutcome, at now: Double) -> News? {
        isBusy = false
        switch outcome {
        case .done:
            deliveries.removeFirst()
            defer { (isFailing, hasGivenUp, isFull, lost) = (false, false, false, 0) }
            backoff.reset()
            notBefore = -.infinity
            return isFailing || lost > 0 ? .works(lost: lost) : nil
        case .retry(let reason, let after):
            notBefore = now + max(backoff.next(), min(after, Self.longestRetryAfter))
            // Whether or not there is time for another attempt: `start` finds out.
            return fails(reason, isRetried: true)
        case .failed(let reason):
            deliveries.removeFirst()
            lost += 1
            return fails(reason, isRetried: false)
        }
    }

    private mutating func fails(_ reason: String, isRetried: Bool) -> News? {
        defer { isFailing = true }
        return isFailing ? nil : .fails(reason, isRetried: isRetried)
    }

    private mutating func giveUp() -> News? {
        deliveries.removeFirst()
        lost += 1
        defer { hasGivenUp = true }
        return hasGivenUp ? nil : .givesUp
    }
}
