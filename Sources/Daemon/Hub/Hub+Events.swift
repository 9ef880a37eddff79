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
        if source.device.isInterrupted {
            source.log(.notice, to: log, "back after \(DurationText.text(source.span.lasted)), \(text)")
        } else {
            source.log(.info, to: log, "listening, \(text)")
        }
        source.open(format)
        publishUnknown(.starting, of: source)
        source.settle()
        watchForStall(of: source)
        notifyDevice(of: source, format.summary)
    }

    func streamClosed(_ event: CaptureEvent, of source: HubSource) {
        source.stallWatch.cancel()
        switch event {
        case .opened, .overrun, .noticed: return
        case .waiting(let message):
            source.log(.info, to: log, "waiting: \(message)")
            source.wait(message)
            publishUnknown(.noSignal, of: source)
            notifyDevice(of: source, message)
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

    func channelsChanged(_ notice: ChannelNotice, of source: HubSource) {
        source.take(notice)
        if let text = notice.text {
            source.log(.warning, to: log, text)
        } else {
            source.log(.info, to: log, "the channels no longer cancel; listening to their mean")
        }
        notifyDevice(of: source, source.device.message)
    }

    // MARK: Estimates

    func publish(_ record: EstimateRing.Record, of source: HubSource) {
        if source.device.isStalled {
            source.resume()
            watchForStall(of: source)
        }
        publish(source.update(from: record), of: source)
        noteLabelsLater()
        notifyEstimate(of: source)
    }

    /// Publishes that nothing is known: a stream has just begun, or there is no signal.
    private func publishUnknown(_ state: EstimateState, of source: HubSource) {
        publish(source.clear(state), of: source)
        notifyEstimate(of: source)
    }

    private func publish(_ entry: HistoryEntry?, of source: HubSource) {
        guard let entry else { return }
        let change = history.append(entry)
        clients.notify(.change(change), kind: .change, source: source.name)
        let confidence = change.confidence > 0 ? " (\(change.confidence.rounded(toPlaces: 2)))" : ""
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

    /// Schedules the next check whether anything comes from a source.
    ///
    /// - Parameter least: seconds until that check at least.
    func watchForStall(of source: HubSource, least: Double = 0) {
        let left = max(least, patience(with: source) - source.input.secondsSinceDelivery)
        let slot = source.slot
        source.stallWatch.schedule(in: left, on: loop) { lateness in
            self.assumeIsolated { $0.checkForStall(slot: slot, lateness: lateness) }
        }
    }

    /// Seconds. Sound servers take their time before the first sample (a monitor of PulseAudio up to 2 s).
    private func patience(with source: HubSource) -> Double {
        source.latest.position == 0 ? 3 * patience : patience
    }

    /// - Parameter lateness: seconds since the check was due.
    private func checkForStall(slot: Int, lateness: Double) {
        guard let source = source(inSlot: slot) else { return }
        switch source.device.phase {
        case .opening where source.latest.state == .starting, .running: break
        case .opening, .stalled, .lost, .waiting, .ended: return
        }
        guard source.input.secondsSinceDelivery >= patience(with: source) else { return watchForStall(of: source) }
        // A check that is much too late was held up with this whole process: what came meanwhile is still on its way.
        if lateness > patience { return watchForStall(of: source, least: patience) }
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
