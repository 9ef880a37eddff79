// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import Logging
import NIOCore

/// What becomes of the sources' devices.
extension Hub {
    func opened(_ source: HubSource, _ format: StreamFormat) {
        let text = "\(format.device), \(format.summary)"
        source.advanceQuiet()
        switch source.condition {
        case .lost,
            .waiting where source.format != nil:
            say(.notice, of: source, "back after \(DurationText.text(source.elapsed - source.labelStart)), \(text)")
        case .opening, .running, .stalled, .waiting, .ended:
            say(.info, of: source, "listening, \(text)")
        }
        if source.format != nil { source.reconnects += 1 }
        source.condition = .running
        source.format = format
        source.position = 0
        publishIgnorance(of: source, .starting)
        source.isNew = false
        watch(source)
        notifyDevice(of: source, format.summary)
    }

    func closed(_ source: HubSource, _ event: CaptureEvent) {
        source.stallCheck?.cancel()
        switch event {
        case .opened, .overrun: return
        case .waiting(let message):
            say(.info, of: source, "waiting: \(message)")
            source.condition = .waiting(message)
            publishIgnorance(of: source, .noSignal)
            notifyDevice(of: source, message)
        case .lost(let error):
            say(.warning, of: source, "lost: \(error); reopening")
            source.condition = .lost(error)
            source.failed(error)
            publishIgnorance(of: source, .noSignal)
            notifyDevice(of: source, error.message)
        case .ended(let error):
            if let error {
                source.failed(error)
                say(.error, of: source, "\(error)")
            } else {
                say(.info, of: source, "ended after \(DurationText.text(source.position))")
            }
            source.condition = .ended(error)
            source.advanceQuiet()
            source.quietStart = nil
            notifyDevice(of: source, error?.message)
        }
        source.isNew = false
    }

    /// Logs what becomes of a source, unless there was too much of it lately.
    func say(_ level: Logger.Level, of source: HubSource, _ text: @autoclosure () -> String) {
        guard level >= log.logLevel, let leftOut = source.lines.take() else { return }
        if leftOut > 0 { log.notice("\(source.name): \(leftOut) lines were left out before this one") }
        log.log(level: level, "\(source.name): \(text())")
    }

    // MARK: Devices that are there and say nothing

    /// Looks again and again whether anything comes. The only clock that runs while a source does.
    ///
    /// - Parameter least: seconds until the first look at least.
    func watch(_ source: HubSource, least: Double = 0) {
        source.stallCheck?.cancel()
        let left = max(least, patience(with: source) - source.input.secondsSinceDelivery)
        let slot = source.slot
        // A little late, so that a look finds what it came for.
        let delay = TimeAmount.milliseconds(Int64(left * 1000) + 5)
        let due = monotonicSeconds() + left
        source.stallCheck = loop.scheduleTask(in: delay) {
            self.assumeIsolated { $0.look(slot: slot, lateness: monotonicSeconds() - due) }
        }
    }

    /// Seconds. Sound servers take their time before the first sample (a monitor of PulseAudio up to 2 s).
    private func patience(with source: HubSource) -> Double { source.position == 0 ? 3 * patience : patience }

    /// - Parameter lateness: seconds since the look was due.
    private func look(slot: Int, lateness: Double) {
        guard let source = sourceOfSlot[slot] else { return }
        switch source.condition {
        case .opening where source.state == .starting, .running: break
        case .opening, .stalled, .lost, .waiting, .ended: return
        }
        guard source.input.secondsSinceDelivery >= patience(with: source) else { return watch(source) }
        // Much too late it was this process that did not run, and what came meanwhile is still on its way.
        if lateness > patience { return watch(source, least: patience) }
        if case .running = source.condition {
            source.condition = .stalled
            // What a device says next has nothing to do with what it said before; a pipe goes on where it was.
            if source.input.isRealTime { source.input.restart() }
        }
        publishIgnorance(of: source, .noSignal)
        source.isNew = false
        flushSubscribers()
    }

    /// A stalled source delivers again.
    func resumed(_ source: HubSource) {
        source.condition = .running
        source.advanceQuiet()
        source.quietStart = nil
        watch(source)
    }
}
