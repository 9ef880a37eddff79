// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// The way from a source's thread to its sink, which `stop` closes for good: the thread may hang in a library, and
/// must not reach the sink when it returns from there.
final class SinkGate: Sendable {
    private let sink: any AudioSink
    private let gate = StopGate()
    private let hasProcessed = Atomic<Bool>(false)
    private let losses = Mutex(RepeatedLosses())

    init(_ sink: any AudioSink) {
        self.sink = sink
    }

    /// Passes an event on, unless it repeats the last loss.
    func handle(_ event: CaptureEvent) {
        guard losses.withLock({ $0.isNew(event) }) else { return }
        gate.enter { sink.handle(event) }
    }

    func process(_ samples: UnsafeBufferPointer<Float>) {
        guard !samples.isEmpty else { return }
        hasProcessed.store(true, ordering: .relaxed)
        gate.enter { sink.process(samples) }
    }

    /// Passes on what a mixer has noticed, if anything.
    func pass(on mixer: ChannelMixer) {
        if let notice = mixer.takeNotice() { handle(.noticed(SourceNotice(notice))) }
    }

    /// Whether any samples arrived since the last call.
    func takeHasProcessed() -> Bool { hasProcessed.exchange(false, ordering: .relaxed) }

    /// Returns when nothing more can reach the sink.
    func close() { gate.close() }
}

/// Filters out a loss that repeats the last one, such as a device that is still missing.
struct RepeatedLosses {
    /// The loss that was reported last, until the source is open again.
    private var reported: String?

    /// Whether an event is worth reporting.
    mutating func isNew(_ event: CaptureEvent) -> Bool {
        switch event {
        case .lost(let error):
            guard reported != error.description else { return false }
            reported = error.description
        case .opened, .waiting:
            reported = nil
        case .suspended, .resumed, .damaged, .overrun, .noticed, .ended:
            break
        }
        return true
    }
}
