// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Synchronization
import TestSupport

@testable import Capture

/// Records the events and samples of a source.
final class RecordingSink: PipeSink {
    struct Record: Sendable {
        var events: [CaptureEvent] = []
        /// The time of each event.
        var times: [ContinuousClock.Instant] = []
        var samples: [Float] = []
        /// The number of all samples; `samples` are the first ones since `forgetSamples()`.
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
        /// Nil for each end of a suspension.
        var suspensions: [SourceSuspension?] {
            events.compactMap {
                switch $0 {
                case .suspended(let suspension): .some(suspension)
                case .resumed: .some(nil)
                default: nil
                }
            }
        }
        /// Those that hold now.
        var notices: [SourceNotice] {
            events.reduce(into: []) { notices, event in
                guard case .noticed(let notice) = event else { return }
                notices.removeAll { $0.kind == notice.kind }
                if !notice.isOver { notices.append(notice) }
            }
        }
        var overruns: Int {
            events.count { if case .overrun = $0 { true } else { false } }
        }
        /// The time of the first loss.
        var firstLoss: ContinuousClock.Instant? {
            zip(events, times).first { if case .lost = $0.0 { true } else { false } }?.1
        }
        var isEnded: Bool {
            events.contains { if case .ended = $0 { true } else { false } }
        }
        /// The error that ended it, if there was one.
        var failure: CaptureError? {
            for case .ended(let error) in events { return error }
            return nil
        }
        /// The largest absolute value of the samples kept, or 0.
        var peak: Float { samples.reduce(0) { max($0, abs($1)) } }
    }

    private let state = Mutex(Record())
    private let kept: Int

    /// - Parameter kept: the number of samples to keep, the first ones.
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

    var hasRoom: Bool { true }

    func process(_ samples: UnsafeBufferPointer<Float>) {
        state.withLock { state in
            state.count += samples.count
            state.samples.append(contentsOf: samples.prefix(kept - state.samples.count))
            if state.isClosed { state.late += 1 }
        }
    }

    var record: Record { state.withLock { $0 } }

    /// Counts everything that comes from now on as late.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    /// Forgets the samples kept, to record those that follow.
    func forgetSamples() {
        state.withLock { $0.samples.removeAll(keepingCapacity: true) }
    }

    /// Waits until the record satisfies `condition`. Returns whether it ever did: the patience is for a busy machine and
    /// promises nothing. Tests of punctuality use `Record.times`.
    func wait(until condition: (Record) -> Bool) async -> Bool {
        await eventually(within: 30) { state.withLock { condition($0) } }
    }
}
