// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPulse

/// What the server does with a recording: it suspends, mutes and moves it. Touched under the main loop's lock, like the rest.
extension PulseRecording {
    /// What a look at the server has found.
    enum Look {
        case same
        /// The recording has been moved by hand from a monitor to an input, or the other way. Only an input is kept awake, so
        /// that this has to be recorded anew.
        case other(PulseConnection.Source)
        case stopped
    }

    /// Waits until something may have changed on the server; throws when the recording is lost. Returns false if stopped
    /// before that.
    func waitForChange() throws(CaptureError) -> Bool {
        var lastCheck = monotonicSeconds()
        return try connection.waitWithoutLimit { () throws(CaptureError) in
            try checkState()
            let now = monotonicSeconds()
            if now > lastCheck + Self.lateness { deadline = max(deadline, now + Self.patience) }
            lastCheck = now
            if !isPaused, !isSuspended, now > deadline {
                if canPauseUnsaid, lastLook < deadline { return true }
                throw CaptureError(
                    .disconnected, "PulseAudio's source \(deviceName) runs but delivers nothing; reopening it",
                    call: "pa_stream_peek")
            }
            let overdue = lastData + pause
            if canPauseUnsaid, !isPaused, now > overdue, lastLook < overdue { return true }
            // Who records a default asks for it again, which takes note of the change.
            return mayMove && connection.changes.defaults
                || connection.changes.devices && now >= lastLook + Self.lookInterval
        }
    }

    /// Asks what the server knows, and reports it.
    ///
    /// - Parameters:
    ///   - name: the source's name in the configuration.
    ///   - wanted: the source that this stands for now.
    func look(named name: String, wanted: String) throws(CaptureError) -> Look {
        lastLook = monotonicSeconds()
        let index = isReady ? pa_stream_get_index(stream) : nil
        let device = isReady ? pa_stream_get_device_index(stream) : source.index
        let found = try connection.look(atSource: device, recording: index)
        guard let found else { return .stopped }
        // A source that is gone is noticed by the recording's own state.
        guard let now = found.source else { return .same }
        if (now.monitored != nil) != isMonitor { return .other(now) }
        let isStill = canPauseUnsaid && !now.isRunning && (!isReady || lastLook > lastData + pause)
        if isPaused, !isSuspended, now.isRunning {
            resume()
        } else if !isPaused, isSuspended || isStill {
            isPaused = true
            gate.handle(.suspended(PulseNotices.suspension(of: now, found.sink, isStill)))
        }
        let moved = mayMove && now.name != wanted ? "moved to \(now.name) in PulseAudio; \(name) is \(wanted)" : nil
        for notice in notices.update(now, found.sink, found.recording, index ?? 0, moved, connection.server) {
            gate.handle(.noticed(notice))
        }
        return .same
    }

    // MARK: On either thread

    func suspendedOrResumed() {
        if !isSuspended { resume() }
        lookSoon()
    }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        gate.handle(.resumed)
        deadline = monotonicSeconds() + Self.patienceAtFirst
    }

    func lookSoon() {
        connection.changes.devices = true
        lastLook = -.infinity
        connection.wake()
    }
}
