// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// Standard input or a FIFO that carries raw PCM or WAV, read by the thread of a `PipeReader`.
///
/// Nothing is read before the sink has taken what was read before: the writer waits meanwhile, and nothing is lost.
/// Standard input ends; a FIFO waits for its next writer for ever.
final class PipeSource: AudioSource {
    enum Place: Sendable {
        case standardInput
        case fifo(String)

        /// For people.
        var name: String {
            switch self {
            case .standardInput: "standard input"
            case .fifo(let path): path
            }
        }
    }

    private enum State {
        case new
        case running(PipeStream)
        case stopped
    }

    let isRealTime = false
    let isPolled = true

    private let place: Place
    private let format: RequestedFormat
    private let state = Mutex<State>(.new)

    init(_ place: Place, format: RequestedFormat) {
        self.place = place
        self.format = format
    }

    deinit { stop() }

    func start(_ sink: any AudioSink, pipes: PipeReader) {
        state.withLock { state in
            guard case .new = state else { return }
            let stream = PipeStream(place, format: format, sink: sink, reader: pipes)
            state = .running(stream)
            stream.start()
        }
    }

    func stop() {
        // Held meanwhile: a second caller, too, returns only when all is quiet.
        state.withLock { state in
            if case .running(let stream) = state { stream.stop() }
            state = .stopped
        }
    }
}
