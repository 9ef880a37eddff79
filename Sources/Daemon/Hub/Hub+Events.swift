// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import History
import NIOCore

/// Handles the sources' events (streams that open and close, estimates, stalled devices): updates the source, and
/// reports to history, clients and log.
extension Hub {
    func streamOpened(_ format: StreamFormat, of source: HubSource) {
        source.advanceQuiet()
        let text = "\(format.device), \(format.summary)"
        // A station says itself that it is lost and back.
        let isKnown = source.station?.isLost == true
        if source.device.isInterrupted {
            source.log(
                isKnown ? .debug : .notice, to: log, "back after \(DurationText.text(source.span.lasted)), \(text)")
        } else {
            source.log(.info, to: log, "listening, \(text)")
        }
        source.open(format)
        publishUnknown(.starting, of: source)
        source.settle()
        notifyDevice(of: source, source.message)
    }

    func streamClosed(_ event: CaptureEvent, of source: HubSource) {
        switch event {
        case .opened, .overrun, .suspended, .resumed, .noticed, .damaged: return
        case .waiting(let message):
            source.log(source.station?.isLost == true ? .debug : .info, to: log, "waiting: \(message)")
            source.wait(message)
            publishUnknown(.noSignal, of: source)
            notifyDevice(of: source, source.message)
        case .lost(let error):
            source.log(.warning, to: log, "lost: \(error); reopening")
            source.lose(error)
            publishUnknown(.noSignal, of: source)
            notifyDevice(of: source, error.message)
        case .ended(let error):
            if let error {
                source.log(.error, to: log, "\(error)")
            } else {
                source.log(.info, to: log, "ended after \(DurationText.text(source.latest.position))")
            }
            source.end(error)
            notifyDevice(of: source, error?.message)
        }
        source.settle()
    }

    /// Something happened within an open stream.
    func streamContinues(_ event: CaptureEvent, of source: HubSource) {
        switch event {
        case .suspended(let suspension):
            // A desktop's sink suspends whenever nothing plays, which is no news: its label is silence.
            source.log(suspension.isSilence ? .debug : .notice, to: log, suspension.text)
            source.suspend(suspension)
            publishUnknown(suspension.isSilence ? .silence : .noSignal, of: source)
            source.settle()
        case .resumed:
            guard let suspension = source.device.suspension else { return }
            source.log(suspension.isSilence ? .debug : .notice, to: log, "no longer suspended in PulseAudio")
            source.resume()
        case .noticed(let notice):
            if source.take(notice) { source.log(notice.isOver ? .info : .warning, to: log, notice.text) }
        case .damaged(let losses):
            return partsLost(losses, of: source)
        case .opened, .waiting, .overrun, .lost, .ended:
            return
        }
        notifyDevice(of: source, source.message)
    }

    func stationSaid(_ report: StationReport, of source: HubSource) {
        let (titleBefore, messageBefore, failureBefore) = (source.title, source.message, source.station?.failure)
        for note in report.notes {
            switch note {
            case .title(let title): _ = source.annotate(title)
            case .state(let state, let detail):
                if let news = source.take(state, detail: detail) { source.log(news.level, to: log, news.text) }
            }
        }
        source.take(report)
        if let failure = source.station?.failure, failure != failureBefore { source.log(.warning, to: log, failure) }
        if source.title != titleBefore { notifyEstimate(of: source) }
        if source.message != messageBefore { notifyDevice(of: source, source.message) }
    }

    private func partsLost(_ losses: FileLosses, of source: HubSource) {
        guard let text = losses.text else { return }
        let error = CaptureError(.incomplete, text)
        source.log(.warning, to: log, "\(error)")
        source.note(error)
    }

    // MARK: Estimates

    func publish(_ record: EstimateRing.Record, of source: HubSource) {
        if source.device.isStalled { source.resume() }
        publish(source.update(from: record), of: source)
        noteLabelsLater()
        notifyEstimate(of: source)
    }

    /// Publishes that nothing is known (a stream has just begun, or there is no signal), or that nothing plays.
    func publishUnknown(_ state: EstimateState, of source: HubSource) {
        source.estimates?.requestNext()
        publish(source.clear(state), of: source)
        notifyEstimate(of: source)
    }

    private func publish(_ entry: HistoryEntry?, of source: HubSource) {
        guard let entry else { return }
        let change = history.append(entry)
        clients.notify(.change(change), kind: .change, source: source.name)
        let confidence = change.confidence > 0 ? " (\(NumberText.percent(change.confidence)))" : ""
        source.log(
            .info, to: log,
            "\(change.from) -> \(change.to)\(confidence), \(change.from) lasted \(DurationText.text(change.lasted))")
    }

    func notifyEstimate(of source: HubSource) {
        // Without subscribers, which is usual, no text is made.
        guard clients.subscriberCount > 0 else { return }
        clients.notify(.estimate(source.estimate), kind: .estimate, source: source.name)
    }

    private func notifyDevice(of source: HubSource, _ message: String?) {
        let change = DeviceChange(
            source: source.name, time: Timestamp.now.description, state: source.device.state, message: message)
        clients.notify(.state(change), kind: .state, source: source.name)
    }

    // MARK: Open devices that deliver nothing

    /// Checks a source that seems to have delivered nothing for a while.
    func checkForStall(of source: HubSource) {
        switch source.device.phase {
        case .opening where source.latest.state == .starting, .running: break
        case .opening, .stalled, .suspended, .lost, .waiting, .ended: return
        }
        let patience = source.latest.position == 0 ? StallWatch.factorAtFirst * patience : patience
        guard source.input.health.secondsSinceDelivery() >= patience else { return }
        publishEstimates(of: source)
        if case .running = source.device.phase {
            source.stall()
            // A device drops what it does not deliver, so what comes next is other audio.
            source.input.noteSilentDevice()
        }
        publishUnknown(.noSignal, of: source)
        source.settle()
        clients.flush()
    }
}
