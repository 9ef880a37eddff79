// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import History
import Logging

/// One source as the hub sees it. Only the hub uses it.
final class HubSource {
    let name: String
    let uri: SourceURI
    let slot: Int
    let input: any SourceInput
    /// Tells the analysis that there is room for estimates again.
    let wakeAnalysis: @Sendable () -> Void
    /// The estimates of the open stream; nil while none is open.
    var estimates: EstimateRing?

    private(set) var device = DeviceCondition()
    private(set) var latest: LatestEstimate
    private(set) var span: LabelSpan
    private(set) var totals = SourceTotals()
    /// What the source, or a client for it, says is playing.
    private(set) var title: String?
    /// What the source's station says; nil if it has none.
    private(set) var station: StationCondition?
    private var tally = LabelTally()
    private var progress = AnalysisProgress()
    /// Rate limit for this source's log lines.
    private var lines = LineBudget()
    /// Since when nothing comes, in monotonic seconds; nil while something does.
    private var quietStart: Double?
    /// Whether the last label has ended, because the source is removed or the daemon stops.
    private var isOver = false

    init(
        name: String, uri: SourceURI, slot: Int, input: any SourceInput, labels: [String],
        wakeAnalysis: @escaping @Sendable () -> Void
    ) {
        self.name = name
        self.uri = uri
        self.slot = slot
        self.input = input
        self.wakeAnalysis = wakeAnalysis
        latest = LatestEstimate(labels: labels)
        span = LabelSpan(began: latest.time)
        station = uri.kind == .station ? StationCondition() : nil
    }

    // MARK: The device

    func open(_ format: StreamFormat) {
        device.open(format)
        latest.beginStream()
    }

    func wait(_ message: String) {
        device.wait(message)
        title = nil
    }

    func lose(_ error: CaptureError) {
        device.lose(error)
        title = nil
    }

    func stall() { device.stall() }

    func suspend(_ suspension: SourceSuspension) { device.suspend(suspension) }

    func note(_ error: CaptureError) { device.note(error) }

    /// Returns whether this is news.
    func take(_ notice: SourceNotice) -> Bool { device.take(notice) }

    /// A stalled or suspended device delivers again.
    func resume() {
        device.resume()
        endQuiet()
    }

    func end(_ error: CaptureError?) {
        device.end(error)
        endQuiet()
        title = nil
    }

    // MARK: The station

    /// Takes over what a station says of itself. Returns a line for the log, if that is news.
    func take(_ state: StationState, detail: String?) -> StationCondition.News? {
        // What it played before plays no longer.
        if state != .playing { title = nil }
        return station?.take(state, detail: detail)
    }

    /// Takes over the figures of a report, and whether the station is gone.
    func take(_ report: StationReport) {
        if report.isGone { title = nil }
        station?.take(report)
    }

    /// Why nothing is delivered or, while something is, what is odd about it; nil if nothing is. A station that does not
    /// play is the reason why its FIFO delivers nothing.
    var message: String? {
        switch device.phase {
        case .lost, .ended: device.message
        case .opening, .running, .stalled, .suspended, .waiting: station?.reason ?? device.message ?? station?.failure
        }
    }

    // MARK: The title

    /// Sets the title of the open stream or, if none is open, of the next one. Returns whether it is another one.
    func annotate(_ new: String?) -> Bool {
        defer { title = new }
        return title != new
    }

    /// From now on, a different label counts as a change.
    func settle() { span.settle() }

    // MARK: Estimates

    /// Takes over an estimate of the analysis.
    ///
    /// - Returns: the change of label that it brings, if any.
    func update(from record: EstimateRing.Record) -> HistoryEntry? {
        let heard = record.position - latest.position
        totals.noteAudio(heard)
        advance(by: heard)
        let label = latest.update(from: record)
        return publish(label ?? latest.state.rawValue)
    }

    /// Forgets what was estimated: a stream has just begun, there is no signal, or nothing plays.
    ///
    /// - Returns: the change of label that it brings, if any.
    func clear(_ state: EstimateState) -> HistoryEntry? {
        advanceQuiet()
        latest.clear(state)
        defer { quietStart = state == .starting ? nil : monotonicSeconds() }
        return publish(state.rawValue)
    }

    /// Ends the label for good: no other follows.
    ///
    /// - Returns: the change to `stopped`; nil if nothing was published yet, or if it has ended before.
    func endLabel() -> HistoryEntry? {
        advanceQuiet()
        guard !span.isNew, !isOver else { return nil }
        isOver = true
        totals.noteChange()
        return openLabel.stop
    }

    /// Changes to the labels of another model.
    func use(labels: [String]) { latest.use(labels: labels) }

    private func publish(_ label: String) -> HistoryEntry? {
        guard label != span.label, !isOver else { return nil }
        let time = latest.time
        guard !span.isNew else {
            span.correct(to: label, at: time)
            return nil
        }
        let change = Change(
            source: name, time: time.description, position: latest.position.rounded(toPlaces: 3), from: span.label,
            to: label, confidence: latest.confidence.rounded(toPlaces: 6), lasted: span.lasted.rounded(toPlaces: 3),
            title: title)
        totals.noteChange()
        let began = span.began(at: time)
        span.begin(label, at: time)
        return HistoryEntry(change, began: began, ended: time, order: span.order)
    }

    // MARK: Time

    /// Counts the time without a signal up to now, for the published label.
    func advanceQuiet() {
        guard let start = quietStart else { return }
        let now = monotonicSeconds()
        advance(by: now - start)
        quietStart = now
    }

    private func endQuiet() {
        advanceQuiet()
        quietStart = nil
    }

    private func advance(by seconds: Double) {
        guard seconds > 0 else { return }
        span.advance(by: seconds)
        totals.add(seconds, to: span.label)
    }

    /// When the published label began.
    func labelBegan() -> Timestamp { span.began() }

    /// Returns whether the label has lasted longer than at the last call, so that the history needs an update.
    func takeNote() -> Bool { span.takeNote() }

    // MARK: Reports

    /// Logs a line about this source, unless there were too many lately.
    func log(_ level: Logger.Level, to log: Logger, _ text: @autoclosure () -> String) {
        guard level >= log.logLevel, let leftOut = lines.take() else { return }
        if leftOut > 0 {
            let were = leftOut == 1 ? "line was" : "lines were"
            log.notice("\(name): \(leftOut) \(were) left out before this one")
        }
        log.log(level: level, "\(name): \(text())")
    }

    /// The summary since the last one; nil if the source had ended before that.
    func takeSummary() -> String? {
        advanceQuiet()
        let (text, isEmpty) = tally.takeSummary(of: totals.labels, dropped: input.dropped)
        return isEmpty && device.isEnded ? nil : text
    }

    /// Whether the analysis makes progress. Call it at equal intervals.
    func checkProgress() -> AnalysisProgress.Verdict { progress.check(input.progress, hasWork: input.hasWork) }
}
