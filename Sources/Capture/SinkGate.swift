// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// The way from the thread that captures to the sink, which `stop` closes for good.
///
/// The lock is taken by that thread, by the few that open a pipe again and tell of it, and by the one `close`: it is hardly
/// ever waited for.
final class SinkGate: Sendable {
    private struct State {
        var sink: (any AudioSink)?
        /// The loss that was told last, until the source is opened again.
        var toldLoss: String?
        var hasDelivered = false
    }

    private let state: Mutex<State>

    init(_ sink: any AudioSink) {
        state = Mutex(State(sink: sink))
    }

    /// Passes an event on; a loss that is the same as the last one (a device still missing) is not repeated.
    func handle(_ event: CaptureEvent) {
        state.withLock { state in
            switch event {
            case .lost(let error):
                guard state.toldLoss != error.description else { return }
                state.toldLoss = error.description
            case .opened, .waiting:
                state.toldLoss = nil
            case .overrun, .ended:
                break
            }
            state.sink?.handle(event)
        }
    }

    func deliver(_ samples: UnsafeBufferPointer<Float>) {
        guard !samples.isEmpty else { return }
        state.withLock { state in
            state.hasDelivered = true
            state.sink?.deliver(samples)
        }
    }

    /// Whether the sink takes more; true when it is closed, for then nothing is too much.
    var hasRoom: Bool { state.withLock { $0.sink?.hasRoom ?? true } }

    /// Whether anything was delivered since this was asked last.
    func takeHasDelivered() -> Bool {
        state.withLock { state in
            defer { state.hasDelivered = false }
            return state.hasDelivered
        }
    }

    /// Returns when nothing more can reach the sink.
    func close() {
        state.withLock { $0.sink = nil }
    }
}
