// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Dispatch
import Glibc
import Synchronization

/// The thread of one source, from `start` to `stop`; what all sources have in common.
final class SourceThread: Sendable {
    /// What the thread does: returns when its source is at its end or `StopSignal` is raised.
    typealias Body = @Sendable (SinkGate, StopSignal) -> Void

    private enum State {
        case new
        case running(Run)
        case stopped
    }

    /// How long `stop` waits for a thread that hangs in a library before it leaves it behind, in seconds.
    private static let patience = 0.5
    /// Bytes. Vorbis' decoder keeps whole blocks on the stack; what is not touched is not allocated.
    private static let stackSize = 512 << 10

    private let name: String
    private let state = Mutex<State>(.new)

    /// - Parameter name: of the thread, for people who debug; cut to the 15 bytes that Linux keeps.
    init(name: String) {
        self.name = name
    }

    deinit { stop() }

    /// Runs `body` on a new thread. A source is started once; later calls do nothing.
    func start(_ sink: any AudioSink, _ body: @escaping Body) {
        state.withLock { state in
            guard case .new = state else { return }
            do throws(CaptureError) {
                let run = Run(body: body, gate: SinkGate(sink), signal: try StopSignal(), name: name)
                try run.begin(stackSize: Self.stackSize)
                state = .running(run)
            } catch {
                state = .stopped
                sink.handle(.ended(error))
            }
        }
    }

    /// Stops the thread; returns when nothing more will reach the sink. Never from one of the sink's own functions.
    func stop() {
        // Held meanwhile: a second caller, too, returns only when all is quiet.
        state.withLock { state in
            if case .running(let run) = state { run.end(patience: Self.patience) }
            state = .stopped
        }
    }

    /// One life of the thread; kept alive by it.
    private final class Run: Sendable {
        let body: Body
        let gate: SinkGate
        let signal: StopSignal
        let name: String
        private let finished = DispatchSemaphore(value: 0)
        private let thread = Mutex<pthread_t>(0)

        init(body: @escaping Body, gate: SinkGate, signal: StopSignal, name: String) {
            self.body = body
            self.gate = gate
            self.signal = signal
            self.name = name
        }

        func begin(stackSize: Int) throws(CaptureError) {
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            pthread_attr_setstacksize(&attributes, stackSize)
            let retained = Unmanaged.passRetained(self)
            let error = thread.withLock { thread in
                pthread_create(
                    &thread, &attributes,
                    { run in
                        // Safe: the pointer is the retained Run passed below, taken exactly once.
                        Unmanaged<Run>.fromOpaque(run!).takeRetainedValue().main()
                        return nil
                    }, retained.toOpaque())
            }
            guard error == 0 else {
                retained.release()
                throw CaptureError(
                    .cannotOpen, "the system refuses another thread: \(systemMessage(error))", call: "pthread_create",
                    errno: error)
            }
        }

        private func main() {
            // Signals are for the main thread; and libpulse warns of a SIGPIPE that is not blocked.
            var signals = sigset_t()
            sigfillset(&signals)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            nameCurrentThread(name)
            body(gate, signal)
            finished.signal()
        }

        func end(patience: Double) {
            signal.raise()
            let isFinished = finished.wait(timeout: .now() + patience) == .success
            gate.close()
            thread.withLock { thread in
                _ = isFinished ? pthread_join(thread, nil) : pthread_detach(thread)
            }
        }
    }
}
