// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// All rules at all sources. It is fed with changes and the time, and returns what fires.
struct RuleEngine: Sendable {
    /// What has to be kept over a restart.
    struct Memory: Codable, Sendable, Equatable {
        /// The last change of each source.
        var heard: [String: HeardChange] = [:]
        /// By the rule's name.
        var rules: [String: RuleMemory] = [:]

        mutating func shift(by seconds: Double) {
            for source in heard.keys { heard[source]?.time += seconds }
            for (name, rule) in rules {
                for source in rule.states.keys { rules[name]?.states[source]?.shift(by: seconds) }
            }
        }
    }

    struct RuleMemory: Codable, Sendable, Equatable {
        var condition: HookCondition
        /// By source.
        var states: [String: RuleState] = [:]
    }

    /// A rule and what it fires for.
    typealias Firing = (rule: HookRule, firing: HookFiring)

    private(set) var rules: [HookRule] = []
    private(set) var memory: Memory

    /// - Parameter memory: of an earlier life.
    init(_ rules: [HookRule], memory: Memory = Memory()) {
        self.memory = memory
        use(rules)
    }

    /// Replaces the rules. A new one, or one whose condition has changed, begins with what its sources play now.
    mutating func use(_ new: [HookRule]) {
        rules = new
        memory.rules = memory.rules.filter { name, old in
            new.contains { $0.name == name && $0.condition == old.condition }
        }
        for rule in new where memory.rules[rule.name] == nil {
            memory.rules[rule.name] = RuleMemory(condition: rule.condition)
            for heard in memory.heard.values where rule.condition.concerns(heard.change.source) {
                // Nothing is reported yet: what holds is due at the next `advance`.
                _ = take(heard, rule, now: heard.time)
            }
        }
    }

    private mutating func take(_ heard: HeardChange, _ rule: HookRule, now: Double) -> [HookFiring] {
        memory.rules[rule.name]?.states[heard.change.source, default: RuleState()].apply(heard, rule, now: now) ?? []
    }

    /// Whether a source's changes are known from here on.
    func knows(_ source: String) -> Bool { memory.heard[source] != nil }

    /// Takes a change, and returns what it leads to at once. A change that was taken before is skipped.
    mutating func apply(_ heard: HeardChange, now: Double) -> [Firing] {
        let source = heard.change.source
        var heard = heard
        if let before = memory.heard[source] {
            guard before.instance != heard.instance || before.change.seq < heard.change.seq else { return [] }
            // The system's clock may have been set back.
            heard.time = max(heard.time, before.time)
        }
        memory.heard[source] = heard
        var firings: [Firing] = []
        for rule in rules where rule.condition.concerns(source) {
            firings += take(heard, rule, now: now).map { (rule, $0) }
        }
        return firings
    }

    /// Returns what is due, now that all changes so far were applied.
    ///
    /// - Parameter isConnected: if not, only sources that are known to have stopped are in a known state.
    mutating func advance(to now: Double, isConnected: Bool) -> [Firing] {
        var firings: [Firing] = []
        for rule in rules {
            for source in states(rule).keys where isConnected || isStopped(source) {
                while let firing = memory.rules[rule.name]?.states[source]?.advance(rule, to: now) {
                    firings.append((rule, firing))
                }
            }
        }
        return firings
    }

    /// The next time at which `advance` may have something to return.
    func deadline(isConnected: Bool) -> Double? {
        rules.compactMap { rule in
            states(rule).compactMap { source, state in
                isConnected || isStopped(source) ? state.deadline(rule) : nil
            }.min()
        }.min()
    }

    /// Forgets the sources that were removed, and what no longer matters.
    mutating func prune(keeping sources: Set<String>, at now: Double) {
        for source in memory.heard.keys where !sources.contains(source) && isStopped(source) {
            memory.heard[source] = nil
            for rule in rules { memory.rules[rule.name]?.states[source] = nil }
        }
        for rule in rules {
            let needed = states(rule).filter { !$0.value.isIdle(rule, at: now) }
            memory.rules[rule.name]?.states = needed
        }
    }

    private func states(_ rule: HookRule) -> [String: RuleState] { memory.rules[rule.name]?.states ?? [:] }

    private func isStopped(_ source: String) -> Bool { memory.heard[source]?.change.to == Change.stopped }
}
