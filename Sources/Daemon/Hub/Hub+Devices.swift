import Capture
import ControlProtocol
import NIOCore

/// What becomes of the sources' devices.
extension Hub {
    func opened(_ source: HubSource, _ format: StreamFormat) {
        let text = "\(format.device), \(format.summary)"
        source.advanceQuiet()
        switch source.condition {
        case .lost,
            .waiting where source.format != nil:
            log.notice("\(source.name): back after \(spoken(source.elapsed - source.labelStart)), \(text)")
        case .opening, .running, .stalled, .waiting, .ended:
            log.info("\(source.name): listening, \(text)")
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
            log.info("\(source.name): waiting: \(message)")
            source.condition = .waiting(message)
            publishIgnorance(of: source, .noSignal)
            notifyDevice(of: source, message)
        case .lost(let error):
            log.warning("\(source.name): lost: \(error); reopening")
            source.condition = .lost(error)
            source.failed(error)
            publishIgnorance(of: source, .noSignal)
            notifyDevice(of: source, error.message)
        case .ended(let error):
            if let error {
                source.failed(error)
                log.error("\(source.name): \(error)")
            } else {
                log.info("\(source.name): ended after \(spoken(source.position))")
            }
            source.condition = .ended(error)
            source.advanceQuiet()
            source.quietStart = nil
            notifyDevice(of: source, error?.message)
        }
        source.isNew = false
    }

    // MARK: Devices that are there and say nothing

    /// Looks again and again whether anything comes. The only clock that runs while a source does.
    func watch(_ source: HubSource) {
        source.stallCheck?.cancel()
        let left = max(0, patience(with: source) - source.input.secondsSinceDelivery)
        let slot = source.slot
        // A little late, so that a look finds what it came for.
        let delay = TimeAmount.milliseconds(Int64(left * 1000) + 5)
        source.stallCheck = loop.scheduleTask(in: delay) { self.assumeIsolated { $0.look(slot: slot) } }
    }

    /// Seconds. Sound servers take their time before the first sample (a monitor of PulseAudio up to 2 s).
    private func patience(with source: HubSource) -> Double { source.position == 0 ? 3 * patience : patience }

    private func look(slot: Int) {
        guard let source = sourceOfSlot[slot] else { return }
        switch source.condition {
        case .opening where source.state == .starting, .running: break
        case .opening, .stalled, .lost, .waiting, .ended: return
        }
        guard source.input.secondsSinceDelivery >= patience(with: source) else { return watch(source) }
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
