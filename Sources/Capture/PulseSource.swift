// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPulse

/// A source of a PulseAudio server (or of PipeWire's): a microphone, or the monitor of a sink.
///
/// libpulse's loop, a second thread, calls the sink under the loop's own lock, while the source's thread only waits.
struct PulseSource: SourceBody {
    /// Names that the server resolves. A source with such a name follows when the user chooses another default.
    static let defaultNames = ["@DEFAULT_SOURCE@", "@DEFAULT_MONITOR@"]

    /// The source's name on the server, or one of `defaultNames`.
    let source: String
    /// The server's address, as in `PULSE_SERVER`; nil for the default one.
    let server: String?
    let use: ChannelSelection?
    /// Seconds of audio that the server is asked to deliver at once.
    let piece: Double

    let isRealTime = true
    var threadName: String { "pulse \(source)" }

    func run(into gate: SinkGate, until signal: StopSignal) {
        // It may be installed later.
        reconnecting(gate, signal) { () throws(CaptureError) in try PulseLibrary.load() }
        if signal.isRaised { return }
        guard let loop = pa_threaded_mainloop_new() else {
            gate.handle(.ended(CaptureError(.cannotOpen, "out of memory", call: "pa_threaded_mainloop_new")))
            return
        }
        defer { pa_threaded_mainloop_free(loop) }
        pa_threaded_mainloop_set_name(loop, "pulse loop")
        guard pa_threaded_mainloop_start(loop) == 0 else {
            gate.handle(
                .ended(
                    CaptureError(.cannotOpen, "the system refuses another thread", call: "pa_threaded_mainloop_start")))
            return
        }
        defer { pa_threaded_mainloop_stop(loop) }
        reconnecting(gate, signal) { () throws(CaptureError) in
            pa_threaded_mainloop_lock(loop)
            defer { pa_threaded_mainloop_unlock(loop) }
            let connection = PulseConnection(loop: loop, server: server, signal: signal)
            defer { connection.close() }
            try connection.record(source, use, gate, piece: piece)
        }
    }
}

extension PulseConnection {
    /// Connects and records until stopped; throws when the server or the source is missing or goes away.
    fileprivate func record(
        _ source: String, _ use: ChannelSelection?, _ gate: SinkGate, piece: Double
    ) throws(CaptureError) {
        let isDefault = PulseSource.defaultNames.contains(source)
        guard try open(), try identify() else { return }
        watch()
        guard var wanted = try findSource(source) else { return }
        var recorded = wanted
        while true {
            let recording = try PulseRecording(
                of: recorded, use, mayMove: isDefault, on: self, gate, piece: piece)
            defer { recording.close() }
            guard try recording.begin() else { return }
            var isElsewhere = false
            while !isElsewhere {
                guard try recording.waitForChange() else { return }
                if isDefault {
                    let now: Source?
                    do throws(CaptureError) {
                        now = try findSource(source)
                    } catch {
                        // Between two defaults there may be none; the recording reports by itself when its source is gone.
                        guard error.isNoSuchSource else { throw error }
                        continue
                    }
                    guard let now else { return }
                    // Only a change of the default is followed: the user may have moved the recording by hand to a source
                    // that is not the default. And the server may have moved it already, but still convert to the old rate.
                    isElsewhere = now.name != wanted.name && !recording.isNative(to: now)
                    wanted = now
                    recorded = now
                }
                if !isElsewhere {
                    switch try recording.look(named: source, wanted: wanted.name) {
                    case .same: break
                    case .stopped: return
                    case .other(let other):
                        recorded = other
                        isElsewhere = true
                    }
                }
            }
        }
    }
}
