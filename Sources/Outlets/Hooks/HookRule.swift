// SPDX-License-Identifier: GPL-3.0-or-later

/// One rule of the hooks' file: when something happens, and what.
struct HookRule: Sendable, Equatable {
    var name: String
    var condition: HookCondition
    /// Seconds after which an event is too old to be worth reporting.
    var maxAge = HookRule.usualMaxAge
    var action: HookAction

    static let usualMaxAge = 600.0
    /// The most rules.
    static let most = 100
}

/// When a rule fires.
struct HookCondition: Codable, Sendable, Equatable {
    /// The labels that it waits for; nil for each change of label.
    var labels: [String]?
    /// Seconds that one of the labels must have lasted.
    var duration = 0.0
    /// Seconds in which it does not fire a second time.
    var cooldown = 0.0
    /// Seconds that the condition must have been over before that is reported; nil if it is not reported.
    var back: Double?
    /// The names of the sources; nil for all.
    var sources: [String]?

    /// What a label means to the condition.
    enum Verdict {
        case holds, isOver
        /// Nothing is heard that could say so.
        case isUnknown
    }

    func verdict(on label: String) -> Verdict {
        guard let labels else { return .holds }
        if labels.contains(label) { return .holds }
        if labels.contains(HookLabel.noMusic), HookLabel.kindsOfNoMusic.contains(label) { return .holds }
        switch label {
        case HookLabel.starting, HookLabel.stopped: return .isUnknown
        // A source that is lost during silence has not come back.
        case HookLabel.noSignal where labels.contains(HookLabel.silence): return .isUnknown
        default: return .isOver
        }
    }

    func concerns(_ source: String) -> Bool { sources?.contains(source) ?? true }
}

/// What a rule does.
enum HookAction: Sendable, Equatable {
    case webhook(Webhook)
    case command(HookProgram)
}

/// A request to make.
struct Webhook: Sendable, Equatable {
    var url: String
    /// The part of the URL that may be shown: scheme, host and port.
    var shownURL: String
    /// The key of the signature; nil for none.
    var secret: [UInt8]?
    var headers: [Header] = []
    /// A file of certificates to trust in place of the system's.
    var authorities: String?

    struct Header: Sendable, Equatable {
        var name: String
        var value: String
    }
}

/// A program to run.
struct HookProgram: Sendable, Equatable {
    /// The absolute path, then its arguments.
    var arguments: [String]
    /// Seconds after which it is killed.
    var timeout = HookProgram.usualTimeout

    static let usualTimeout = 10.0
}
