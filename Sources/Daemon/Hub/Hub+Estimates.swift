// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import History
import Streaming

/// From records of the analysis to what is published, and the changes in it.
extension Hub {
    func take(_ record: EstimateRing.Record, of source: HubSource) {
        if case .stalled = source.condition { resumed(source) }
        source.advance(by: record.position - source.position)
        source.position = record.position
        source.probabilities.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: record.probabilities) }
        source.hasWindow = record.window != nil
        if let window = record.window {
            source.window.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: window) }
        }
        source.level = record.level
        let state = EstimateState(record.state)
        let genre = state == .genre ? record.label.map { source.labels[$0] } : nil
        publish(source, state, genre: genre, confidence: record.confidence)
        noteLabelsLater()
        notifyEstimate(of: source)
    }

    /// Publishes that nothing is known: a stream has just begun, or there is nothing to hear.
    func publishIgnorance(of source: HubSource, _ state: EstimateState) {
        let count = source.labels.count
        source.probabilities = [Float](repeating: 1 / Float(count), count: count)
        source.window = source.probabilities
        source.hasWindow = false
        source.level = nil
        source.advanceQuiet()
        publish(source, state, genre: nil, confidence: 0)
        source.quietStart = state == .noSignal ? monotonicSeconds() : nil
        notifyEstimate(of: source)
    }

    private func publish(_ source: HubSource, _ state: EstimateState, genre: String?, confidence: Float) {
        source.time = .now
        source.state = state
        source.confidence = confidence
        let label = genre ?? state.rawValue
        guard label != source.label else { return }
        if source.isNew {
            // What it was taken for before anything was known of it is no label that changes.
            source.label = label
            source.since = Moment(source.time)
        } else {
            change(source, to: label)
        }
    }

    private func change(_ source: HubSource, to label: String) {
        let change = Change(
            source: source.name, time: source.time.description, position: source.position.rounded(toPlaces: 3),
            from: source.label, to: label, confidence: source.confidence.rounded(toPlaces: 6),
            lasted: (source.elapsed - source.labelStart).rounded(toPlaces: 3))
        source.since.follow(source.time)
        source.labelOrder = monotonicSeconds()
        history.append(
            HistoryEntry(change, began: source.since.time, ended: source.time, order: source.labelOrder))
        source.label = label
        source.since = Moment(source.time)
        source.labelStart = source.elapsed
        notify(.change(change), kind: .change, source: source.name)
        let confidence = source.confidence > 0 ? " (\(source.confidence.rounded(toPlaces: 2)))" : ""
        say(
            .info, of: source,
            "\(change.from) -> \(label)\(confidence), \(change.from) lasted \(DurationText.text(change.lasted))")
    }
}

extension EstimateState {
    init(_ state: StreamState) {
        switch state {
        case .starting: self = .starting
        case .genre: self = .genre
        case .unsure: self = .unsure
        case .silence: self = .silence
        case .noMusic: self = .noMusic
        }
    }
}
