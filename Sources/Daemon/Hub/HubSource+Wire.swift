// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import ControlProtocol
import History

/// A source in the types of the control protocol and the history.
extension HubSource {
    var estimate: Estimate {
        func named(_ values: [Float]) -> [String: Double] {
            Dictionary(
                zip(latest.labels, values.lazy.map { $0.rounded(toPlaces: 6) }), uniquingKeysWith: { first, _ in first }
            )
        }
        return Estimate(
            source: name, time: latest.time.description, position: latest.position.rounded(toPlaces: 3),
            state: latest.state, genre: latest.state == .genre ? span.label : nil, label: span.label,
            confidence: latest.confidence.rounded(toPlaces: 6), alternatives: latest.alternatives,
            probabilities: named(latest.probabilities),
            since: labelBegan().description, level: latest.level.map { $0.rounded(toPlaces: 1) },
            windowProbabilities: latest.windowProbabilities.map(named), title: title)
    }

    var status: SourceStatus {
        advanceQuiet()
        return SourceStatus(
            name: name, uri: uri.description, kind: uri.kind.rawValue, device: device.format?.device,
            format: device.format?.summary, state: device.state, overruns: input.overruns, dropped: input.dropped,
            reconnects: device.reconnects, position: latest.position.rounded(toPlaces: 3),
            audioSeconds: totals.audio.rounded(toPlaces: 3),
            droppedSeconds: input.health.droppedSeconds.rounded(toPlaces: 3), changes: totals.changes,
            labelSeconds: totals.labels.mapValues { $0.rounded(toPlaces: 3) }, title: title, station: station?.status,
            conditions: device.conditions, message: message,
            lastError: device.lastError?.error.description, lastErrorTime: device.lastError?.time.description)
    }

    /// The published label, for the history.
    var openLabel: OpenLabel {
        OpenLabel(
            // Nothing more is heard from a source that has ended.
            source: name, label: span.label, began: labelBegan(), until: device.isEnded ? latest.time : .now,
            position: latest.position.rounded(toPlaces: 3), lasted: span.lasted.rounded(toPlaces: 3),
            order: span.order, title: title)
    }
}

extension BinaryFloatingPoint {
    /// Rounds to a number of decimal places: digits that mean nothing make lines long.
    func rounded(toPlaces places: Int) -> Double {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        return (Double(self) * scale).rounded() / scale
    }
}
