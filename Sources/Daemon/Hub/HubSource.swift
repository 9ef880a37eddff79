// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import NIOCore

/// What the hub knows of one source. Only the hub touches it.
final class HubSource {
    /// What the source is doing.
    enum Condition {
        /// Not opened yet.
        case opening
        case running
        /// Open, but nothing has come for a second.
        case stalled
        case lost(CaptureError)
        /// A FIFO without a writer.
        case waiting(String)
        /// At its end, with an error or without.
        case ended(CaptureError?)
    }

    let name: String
    let uri: SourceURI
    let slot: Int
    let input: SourceInput
    let wakeAnalysis: @Sendable () -> Void

    var condition = Condition.opening
    var format: StreamFormat?
    var reconnects = 0
    private(set) var lastError: (error: CaptureError, time: Timestamp)?

    /// Of the stream that is open.
    var estimates: EstimateRing?
    var labels: [String]

    /// Nothing has been heard or happened yet.
    var isNew = true

    // The last estimate.
    var position = 0.0
    var time: Timestamp
    var state = EstimateState.starting
    /// The published label: a genre, or the state's name.
    var label = EstimateState.starting.rawValue
    var confidence: Float = 0
    var level: Float?
    var probabilities: [Float]
    var window: [Float]
    var hasWindow = false

    /// When the label that is published now began.
    var since: Moment
    /// Seconds that the source has been heard or, where there was nothing to hear, waited for. Labels' durations are
    /// measured by it: for a file that is read fast it runs fast.
    var elapsed = 0.0
    /// `elapsed` when the label began.
    var labelStart = 0.0
    /// When the label began, monotonic seconds.
    var labelOrder = monotonicSeconds()
    /// `elapsed` when the history was last told.
    var notedElapsed = 0.0
    /// When there began to be nothing to hear, monotonic seconds; nil while there is something.
    var quietStart: Double?
    /// The next look whether anything comes.
    var stallCheck: Scheduled<Void>?

    /// `input.progress` when the watchdog last looked, and how often in a row it had not moved though work waited.
    var seenProgress = 0
    var looksWithoutProgress = 0

    /// Of the log.
    var lines = LineBudget()

    /// Seconds of each label since the last summary.
    var tally: [String: Double] = [:]
    /// `input.dropped` at the last summary.
    var tallyDropped = 0

    init(
        name: String, uri: SourceURI, slot: Int, input: SourceInput, labels: [String],
        wakeAnalysis: @escaping @Sendable () -> Void
    ) {
        self.name = name
        self.uri = uri
        self.slot = slot
        self.input = input
        self.labels = labels
        self.wakeAnalysis = wakeAnalysis
        time = .now
        since = Moment(time)
        probabilities = [Float](repeating: 1 / Float(labels.count), count: labels.count)
        window = probabilities
    }

    var isEnded: Bool { if case .ended = condition { true } else { false } }

    func failed(_ error: CaptureError) { lastError = (error, .now) }

    /// What it waits for or why it does not deliver.
    private var message: String? {
        switch condition {
        case .opening, .running: nil
        case .stalled: "open, but nothing comes"
        case .waiting(let message): message
        case .lost(let error): error.message
        case .ended(let error): error?.message
        }
    }

    var device: DeviceState {
        switch condition {
        case .opening: .opening
        case .running, .stalled: .running
        case .waiting: .waiting
        case .lost: .lost
        case .ended: .ended
        }
    }

    /// Another model has come; where its labels are others the next estimate tells them apart.
    func relabel(_ new: [String]) {
        guard new != labels else { return }
        labels = new
        probabilities = [Float](repeating: 1 / Float(new.count), count: new.count)
        window = probabilities
        hasWindow = false
    }

    /// Lets `elapsed` and the tally run, by seconds of the label published now.
    func advance(by seconds: Double) {
        guard seconds > 0 else { return }
        elapsed += seconds
        tally[label, default: 0] += seconds
    }

    /// Lets them run up to now if there is nothing to hear.
    func advanceQuiet() {
        guard let start = quietStart else { return }
        let now = monotonicSeconds()
        advance(by: now - start)
        quietStart = now
    }
}

// MARK: - As it crosses the socket

extension HubSource {
    var estimate: Estimate {
        func named(_ values: [Float]) -> [String: Double] {
            Dictionary(
                zip(labels, values.lazy.map { $0.rounded(toPlaces: 6) }), uniquingKeysWith: { first, _ in first })
        }
        since.follow(.now)
        return Estimate(
            source: name, time: time.description, position: position.rounded(toPlaces: 3), state: state,
            genre: state == .genre ? label : nil, confidence: confidence.rounded(toPlaces: 6),
            probabilities: named(probabilities), since: since.time.description,
            level: level.map { $0.rounded(toPlaces: 1) }, windowProbabilities: hasWindow ? named(window) : nil)
    }

    var status: SourceStatus {
        SourceStatus(
            name: name, uri: uri.description, kind: uri.kind.rawValue, device: format?.device,
            format: format?.summary, state: device, overruns: input.overruns, dropped: input.dropped,
            reconnects: reconnects, position: position.rounded(toPlaces: 3), message: message,
            lastError: lastError?.error.description, lastErrorTime: lastError?.time.description)
    }
}

extension StreamFormat {
    /// As in `S16 48000 Hz 2 channels`.
    var summary: String { "\(encoding) \(sampleRate) Hz \(channels) \(channels == 1 ? "channel" : "channels")" }
}

extension BinaryFloatingPoint {
    /// For what is shown: digits that mean nothing make lines long.
    func rounded(toPlaces places: Int) -> Double {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        return (Double(self) * scale).rounded() / scale
    }
}
