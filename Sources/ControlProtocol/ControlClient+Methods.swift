// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// One function for each method of the control socket.
extension ControlClient {
    package func describe() throws(ControlError) -> Description { try call(.describe) }

    /// Returns the current estimate of one source, or of each.
    package func current(source: String? = nil) throws(ControlError) -> [Estimate] {
        try call(.current(CurrentParams(source: source)), returning: CurrentResult.self).estimates
    }

    /// Subscribes to notifications, which `nextNotification` then returns.
    package func subscribe(
        source: String? = nil, events: [EventKind] = EventKind.allCases
    ) throws(ControlError) -> SubscribeResult {
        try call(.subscribe(SubscribeParams(source: source, events: events)))
    }

    /// Returns the newest changes, or the first ones after a seq, newest last, and with `totals` how long each label was
    /// published.
    package func history(
        source: String? = nil, since: Since? = nil, after: Int? = nil, limit: Int = ControlLimits.historyDefault,
        totals: Bool = false
    ) throws(ControlError) -> HistoryResult {
        try call(.history(HistoryParams(source: source, since: since, after: after, limit: limit, totals: totals)))
    }

    /// Says what is playing at a source, and returns the title as it is published.
    package func annotate(source: String, title: String?) throws(ControlError) -> String? {
        try call(.annotate(AnnotateParams(source: source, title: title)), returning: AnnotateResult.self).title
    }

    package func sources() throws(ControlError) -> [SourceStatus] {
        try call(.sources, returning: SourcesResult.self).sources
    }

    package func status() throws(ControlError) -> DaemonStatus { try call(.status) }

    /// Reloads the configuration and returns what changed, one line per change.
    package func reload() throws(ControlError) -> [String] { try call(.reload, returning: ReloadResult.self).changed }
}
