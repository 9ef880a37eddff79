// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// One function a method, with its result.
extension ControlClient {
    package func describe() throws(ControlError) -> Description { try call(.describe) }

    /// The estimates of one source, or of all.
    package func current(source: String? = nil) throws(ControlError) -> [Estimate] {
        try call(.current(CurrentParams(source: source)), returning: CurrentResult.self).estimates
    }

    /// From here on `nextNotification` has what was subscribed to.
    package func subscribe(
        source: String? = nil, events: [EventKind] = EventKind.allCases
    ) throws(ControlError) -> SubscribeResult {
        try call(.subscribe(SubscribeParams(source: source, events: events)))
    }

    /// The newest changes, the newest last, and how long each label was published if that is asked for.
    package func history(
        source: String? = nil, since: Since? = nil, limit: Int = ControlLimits.historyDefault, totals: Bool = false
    ) throws(ControlError) -> HistoryResult {
        try call(.history(HistoryParams(source: source, since: since, limit: limit, totals: totals)))
    }

    package func sources() throws(ControlError) -> [SourceStatus] {
        try call(.sources, returning: SourcesResult.self).sources
    }

    package func status() throws(ControlError) -> DaemonStatus { try call(.status) }

    /// What the daemon changed, a line each.
    package func reload() throws(ControlError) -> [String] { try call(.reload, returning: ReloadResult.self).changed }
}
