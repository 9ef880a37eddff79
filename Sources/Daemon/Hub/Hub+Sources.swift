// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Which sources there are.
extension Hub {
    /// Adds a source before its capture starts.
    func add(_ source: sending HubSource) {
        sources.append(source)
        sourceOfSlot[source.slot] = source
        watch(source)
        noteLabelsLater()
    }

    /// Forgets a source whose capture has stopped.
    func remove(slot: Int) {
        if let source = sourceOfSlot[slot] {
            source.stallCheck?.cancel()
            endLabel(of: source)
        }
        sourceOfSlot[slot] = nil
        sources.removeAll { $0.slot == slot }
    }

    /// Puts the sources in the order of the configuration.
    func arrange(_ names: [String]) {
        let place = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
        sources.sort { (place[$0.name] ?? .max) < (place[$1.name] ?? .max) }
        tellIfAllEnded()
    }

    /// Seconds since the start.
    var uptime: Double { started.elapsed }

    func use(_ new: HubSettings) { settings = new }

    /// The sources that ended with an error: nothing more comes of them unless they are started again.
    var failedSlots: Set<Int> {
        Set(sources.filter { if case .ended(.some) = $0.condition { true } else { false } }.map(\.slot))
    }

    /// Whether there are sources and each one ended with an error.
    var haveAllFailed: Bool { !sources.isEmpty && failedSlots.count == sources.count }
}
