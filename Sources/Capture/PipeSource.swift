// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// Standard input or a FIFO that carries raw PCM or WAV, read by the thread of a `PipeReader`.
///
/// Nothing is read before the sink has room for it: until then the writer waits, and nothing is lost. Standard input
/// ends with its writer; a FIFO waits for the next one.
package final class PipeSource: Sendable {
    private enum State {
        case new
        case running(PolledPipe)
        case stopped
    }

    private let place: PipePlace
    private let format: RequestedFormat
    private let use: ChannelSelection?
    private let state = Mutex<State>(.new)

    init(_ place: PipePlace, format: RequestedFormat, use: ChannelSelection? = nil) {
        self.place = place
        self.format = format
        self.use = use
    }

    deinit { stop() }

    /// Starts capturing into `sink`, on the thread that polls `reader`. A source is started once; later calls do nothing.
    package func start(_ sink: any PipeSink, on reader: PipeReader) {
        state.withLock { state in
            guard case .new = state else { return }
            let pipe = PolledPipe(place, format: format, use: use, sink: sink, reader: reader)
            state = .running(pipe)
            pipe.start()
        }
    }

    /// Stops for good; when this returns, nothing more reaches the sink. Do not call it from the sink's functions.
    package func stop() {
        // The lock is held throughout, so that a second caller also returns only when all is quiet.
        state.withLock { state in
            if case .running(let pipe) = state { pipe.stop() }
            state = .stopped
        }
    }
}
