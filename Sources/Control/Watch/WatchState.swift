// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Everything that the live view shows, independent of terminals and sockets.
struct WatchState: Sendable {
    struct Source: Sendable, Equatable {
        var status: SourceStatus
        var estimate: Estimate?
        var timeline = Timeline()
        /// The recent peak of the level in dB, which falls slowly.
        var peak: Double?
    }

    enum Connection: Sendable, Equatable {
        case connected
        /// The connection was lost at `since`, and is being retried.
        case lost(since: Timestamp, reason: String)
    }

    /// The time spans that the strip can show, in seconds.
    static let spans: [Double] = [60, 300, 900, 3600, 21_600, 86_400]

    var path: String
    /// The name of the only source to show; nil for all.
    var only: String?
    var version = ""
    var palette = Palette(labels: [])
    private(set) var sources: [Source] = []
    private(set) var selectedName: String?
    var connection = Connection.connected
    /// The index of the strip's span.
    private(set) var spanIndex = 1
    /// Whether the list of sources fills the screen, without the details of the selected one.
    private(set) var isListOnly = false
    /// The number of estimates that the daemon dropped because this client was too slow.
    private(set) var lostEstimates = 0

    init(path: String, only: String? = nil) {
        self.path = path
        self.only = only
    }

    var span: Double { Self.spans[spanIndex] }

    var selectedIndex: Int { sources.firstIndex { $0.status.name == selectedName } ?? 0 }

    var selected: Source? { sources.isEmpty ? nil : sources[selectedIndex] }

    // MARK: Updates from the daemon

    /// Replaces the list of sources, and keeps the estimates and timelines of those that stay.
    mutating func update(_ statuses: [SourceStatus]) {
        let known = Dictionary(sources.map { ($0.status.name, $0) }) { first, _ in first }
        sources = statuses.filter { only == nil || $0.name == only }.map { status in
            var source = known[status.name] ?? Source(status: status)
            source.status = status
            return source
        }
    }

    mutating func update(_ estimates: [Estimate]) {
        for estimate in estimates { apply(.estimate(estimate)) }
    }

    mutating func replaceHistory(_ changes: [Change]) {
        let bySource = Dictionary(grouping: changes, by: \.source)
        for index in sources.indices {
            sources[index].timeline = Timeline(changes: bySource[sources[index].status.name] ?? [])
        }
    }

    /// Applies a notification; false if it is about an unknown source.
    @discardableResult
    mutating func apply(_ notification: Notification) -> Bool {
        switch notification {
        case .estimate(let estimate):
            guard let index = index(estimate.source) else { return only != nil }
            sources[index].estimate = estimate
            // After a reload the model may be another one.
            let known = Set(palette.labels)
            if known.count != estimate.probabilities.count || !estimate.probabilities.keys.allSatisfy(known.contains) {
                palette = Palette(labels: estimate.probabilities.keys.sorted())
            }
            let level = estimate.level ?? -120
            sources[index].peak = max(level, (sources[index].peak ?? -120) - 2)
        case .change(let change):
            guard let index = index(change.source) else { return only != nil }
            sources[index].timeline.append(change)
        case .state(let change):
            guard let index = index(change.source) else { return only != nil }
            sources[index].status.state = change.state
            sources[index].status.message = change.message
        case .lost(let lost): lostEstimates += lost.estimates
        }
        return true
    }

    private func index(_ name: String) -> Int? { sources.firstIndex { $0.status.name == name } }

    // MARK: Actions of the keys

    mutating func select(by step: Int) {
        guard !sources.isEmpty else { return }
        let index = min(max(selectedIndex + step, 0), sources.count - 1)
        selectedName = sources[index].status.name
    }

    mutating func changeSpan(by step: Int) {
        spanIndex = min(max(spanIndex + step, 0), Self.spans.count - 1)
    }

    mutating func toggleList() { isListOnly.toggle() }
}
