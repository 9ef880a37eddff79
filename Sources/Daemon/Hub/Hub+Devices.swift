import Capture
import ControlProtocol
import NIOCore

/// What becomes of the sources' devices.
extension Hub {
    /// Seconds without a sample after which there is no signal.
    private static let patience = 1.0

    func opened(_ source: HubSource, _ format: StreamFormat) {
        let wasOpen = source.format != nil
        let isBack: Bool
        switch source.condition {
        case .lost, .waiting: isBack = true
        case .opening, .running, .stalled, .ended: isBack = false
        }
        source.condition = .running
        source.format = format
        if wasOpen { source.reconnects += 1 }
        restarted(source)
        watch(source)
        notifyDevice(of: source, format.summary)
        let text = "\(source.name): \(isBack ? "back" : "listening"), \(format.device), \(format.summary)"
        log.log(level: isBack ? .notice : .info, "\(text)")
    }

    /// The analysis of a source has begun anew.
    func restarted(_ source: HubSource) {
        source.position = 0
        publishIgnorance(of: source, .starting)
    }

    func closed(_ source: HubSource, _ event: CaptureEvent) {
        source.stallCheck?.cancel()
        switch event {
        case .opened, .overrun: return
        case .waiting(let message):
            source.condition = source.format == nil ? .opening(message) : .waiting(message)
            publishIgnorance(of: source, .noSignal)
            notifyDevice(of: source, message)
            log.info("\(source.name): \(message)")
        case .lost(let error):
            source.condition = .lost(error)
            source.lastError = error
            publishIgnorance(of: source, .noSignal)
            notifyDevice(of: source, error.message)
            log.warning("\(source.name): lost: \(error); trying again until it is back")
        case .ended(let error):
            source.condition = .ended(error)
            source.advanceQuiet()
            source.quietStart = nil
            if let error {
                source.lastError = error
                log.error("\(source.name): \(error)")
            } else {
                log.info("\(source.name): ended after \(spoken(source.position))")
            }
            notifyDevice(of: source, error?.message)
        }
    }

    // MARK: Devices that are there and say nothing

    /// Looks again and again whether anything comes. The only clock that runs while a source does.
    func watch(_ source: HubSource) {
        source.stallCheck?.cancel()
        let silentFor = source.input.secondsSinceDelivery
        let slot = source.slot
        // A little late, so that a look finds what it came for.
        let delay = TimeAmount.milliseconds(Int64(max(0, Self.patience - silentFor) * 1000) + 5)
        source.stallCheck = loop.scheduleTask(in: delay) { self.assumeIsolated { $0.look(slot: slot) } }
    }

    private func look(slot: Int) {
        guard let source = sourceOfSlot[slot] else { return }
        switch source.condition {
        case .opening where source.state == .starting, .running: break
        case .opening, .stalled, .lost, .waiting, .ended: return
        }
        guard source.input.secondsSinceDelivery >= Self.patience else { return watch(source) }
        if case .running = source.condition {
            source.condition = .stalled
            // What a device says next has nothing to do with what it said before; a pipe goes on where it was.
            if source.input.isRealTime { source.input.restart() }
        }
        publishIgnorance(of: source, .noSignal)
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
