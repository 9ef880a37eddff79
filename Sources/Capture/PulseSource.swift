// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPulse

/// A source of a PulseAudio server (or of PipeWire's): a microphone, or the monitor of a sink.
final class PulseSource: AudioSource {
    /// Names that the server resolves; whoever listens to one follows when the user chooses another default.
    static let defaultNames = ["@DEFAULT_SOURCE@", "@DEFAULT_MONITOR@"]

    let isRealTime = true
    let isPolled = false

    private let source: String
    private let server: String?
    private let thread: SourceThread

    /// - Parameters:
    ///   - source: its name on the server, or one of `defaultNames`.
    ///   - server: as in `PULSE_SERVER`; nil for the default one.
    init(source: String, server: String?) {
        self.source = source
        self.server = server
        thread = SourceThread(name: "pulse \(source)")
    }

    func start(_ sink: any AudioSink, pipes: PipeReader) {
        thread.start(sink) { [source, server] gate, signal in
            guard let loop = pa_threaded_mainloop_new() else {
                gate.handle(.ended(CaptureError(.cannotOpen, "no memory is left", call: "pa_threaded_mainloop_new")))
                return
            }
            defer { pa_threaded_mainloop_free(loop) }
            pa_threaded_mainloop_set_name(loop, "pulse loop")
            guard pa_threaded_mainloop_start(loop) == 0 else {
                gate.handle(
                    .ended(
                        CaptureError(
                            .cannotOpen, "the system refuses another thread", call: "pa_threaded_mainloop_start")))
                return
            }
            defer { pa_threaded_mainloop_stop(loop) }
            reconnecting(gate, signal) { () throws(CaptureError) in
                pa_threaded_mainloop_lock(loop)
                defer { pa_threaded_mainloop_unlock(loop) }
                let connection = PulseConnection(loop: loop, server: server, signal: signal)
                defer { connection.close() }
                try connection.record(source, gate)
            }
        }
    }

    func stop() { thread.stop() }
}

extension PulseConnection {
    /// Connects and records until stopped; throws when server or source are not there, or no longer.
    fileprivate func record(_ source: String, _ gate: SinkGate) throws(CaptureError) {
        let isDefault = PulseSource.defaultNames.contains(source)
        guard try open() else { return }
        if isDefault { watchDefaults() }
        guard var wanted = try findSource(source) else { return }
        while true {
            let recording = try PulseRecording(of: wanted, mayMove: isDefault, on: self, gate)
            defer { recording.close() }
            guard try recording.begin() else { return }
            var isElsewhere = false
            while !isElsewhere {
                guard try recording.waitForTrouble() else { return }
                let now: Source?
                do throws(CaptureError) {
                    now = try findSource(source)
                } catch {
                    // Between two defaults there may be none; what is recorded tells by itself when it is gone.
                    guard error.isNoSuchSource else { throw error }
                    continue
                }
                guard let now else { return }
                // Only another default is followed: the user may have moved us by hand to what is none. And the
                // server may have moved us already, but still converts to the rate of before.
                isElsewhere = now.name != wanted.name && !recording.isNative(to: now)
                wanted = now
            }
        }
    }
}
