// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Synchronization
import TestSupport

@testable import Capture

/// Keeps what a source tells and delivers.
final class RecordingSink: AudioSink {
    struct Record: Sendable {
        var events: [CaptureEvent] = []
        /// When each event came.
        var times: [ContinuousClock.Instant] = []
        var samples: [Float] = []
        /// All samples, of which `samples` are the first since `forgetSamples()`.
        var count = 0
        /// Calls after `close()`.
        var late = 0
        var isClosed = false

        var formats: [StreamFormat] {
            events.compactMap { if case .opened(let format) = $0 { format } else { nil } }
        }
        var losses: [CaptureError] {
            events.compactMap { if case .lost(let error) = $0 { error } else { nil } }
        }
        var waits: [String] {
            events.compactMap { if case .waiting(let message) = $0 { message } else { nil } }
        }
        var overruns: Int {
            events.count { if case .overrun = $0 { true } else { false } }
        }
        /// When the first loss was told.
        var firstLoss: ContinuousClock.Instant? {
            zip(events, times).first { if case .lost = $0.0 { true } else { false } }?.1
        }
        var isEnded: Bool {
            events.contains { if case .ended = $0 { true } else { false } }
        }
        /// Why it ended, if for a reason.
        var failure: CaptureError? {
            for case .ended(let error) in events { return error }
            return nil
        }
        /// The highest sample kept, or 0.
        var peak: Float { samples.reduce(0) { max($0, abs($1)) } }
    }

    private let state = Mutex(Record())
    private let kept: Int

    /// - Parameter kept: how many samples are kept, the first ones.
    init(keeping kept: Int = 1_000_000) {
        self.kept = kept
    }

    func handle(_ event: CaptureEvent) {
        state.withLock { state in
            state.events.append(event)
            state.times.append(.now)
            if state.isClosed { state.late += 1 }
        }
    }

    func deliver(_ samples: UnsafeBufferPointer<Float>) {
        state.withLock { state in
            state.count += samples.count
            state.samples.append(contentsOf: samples.prefix(kept - state.samples.count))
            if state.isClosed { state.late += 1 }
        }
    }

    var record: Record { state.withLock { $0 } }

    /// From now on, nothing may come.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    /// Forgets the samples kept, to look at those that come.
    func forgetSamples() {
        state.withLock { $0.samples.removeAll(keepingCapacity: true) }
    }

    /// Waits until something was told or delivered that satisfies `condition`. Returns whether it came at all: the
    /// patience is for a busy machine and promises nothing; what must come in time is told by `Record.times`.
    func wait(until condition: (Record) -> Bool) async -> Bool {
        await eventually(within: 30) { state.withLock { condition($0) } }
    }
}
