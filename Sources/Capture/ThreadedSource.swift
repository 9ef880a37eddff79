// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Dispatch
import Glibc
import Synchronization

/// A source that reads on a thread of its own, from `start` to `stop`: a device or a file.
package final class ThreadedSource: Sendable {
    private enum State {
        case new
        case running(Run)
        case stopped
    }

    /// Seconds that `stop` waits for a thread that hangs in a library before it leaves it behind.
    private static let patience = 0.5
    /// Bytes. Vorbis' decoder keeps whole blocks on the stack; untouched pages are not allocated.
    private static let stackSize = 512 << 10

    private let body: any SourceBody
    private let state = Mutex<State>(.new)

    init(_ body: any SourceBody) {
        self.body = body
    }

    deinit { stop() }

    /// Whether audio that is not read in time is lost (a device) or waits for its reader (a file).
    package var isRealTime: Bool { body.isRealTime }

    /// Starts capturing on a new thread, into `sink`. A source is started once; later calls do nothing.
    package func start(_ sink: any AudioSink) {
        state.withLock { state in
            guard case .new = state else { return }
            do throws(CaptureError) {
                let run = Run(body: body, gate: SinkGate(sink), signal: try StopSignal())
                try run.begin(stackSize: Self.stackSize)
                state = .running(run)
            } catch {
                state = .stopped
                sink.handle(.ended(error))
            }
        }
    }

    /// Stops the thread; when this returns, nothing more reaches the sink. Do not call it from the sink's functions.
    package func stop() {
        // The lock is held throughout, so that a second caller also returns only when all is quiet.
        state.withLock { state in
            if case .running(let run) = state { run.end(patience: Self.patience) }
            state = .stopped
        }
    }

    /// One life of the thread, which keeps it alive.
    private final class Run: Sendable {
        let body: any SourceBody
        let gate: SinkGate
        let signal: StopSignal
        private let finished = DispatchSemaphore(value: 0)
        private let thread = Mutex<pthread_t>(0)

        init(body: any SourceBody, gate: SinkGate, signal: StopSignal) {
            self.body = body
            self.gate = gate
            self.signal = signal
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
            // Signals are for the main thread; and libpulse warns about a SIGPIPE that is not blocked.
            var signals = sigset_t()
            sigfillset(&signals)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            nameCurrentThread(body.threadName)
            body.run(into: gate, until: signal)
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

/// The work of a `ThreadedSource`'s thread.
protocol SourceBody: Sendable {
    /// For debugging; cut to the 15 bytes that Linux keeps.
    var threadName: String { get }

    /// Whether audio that is not read in time is lost (a device) or waits for its reader (a file).
    var isRealTime: Bool { get }

    /// Captures until the source is at its end or `signal` is raised.
    func run(into gate: SinkGate, until signal: StopSignal)
}
