// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPulse

/// A connection to a PulseAudio server.
///
/// Not Sendable: everything in it is touched only under the main loop's lock, which the loop's thread holds while
/// it calls back, and the source's thread whenever it does not wait.
final class PulseConnection {
    /// Seconds that the server has to answer.
    private static let patience = 5.0
    /// Seconds that the end of a connection may take.
    private static let farewell = 0.1
    /// Microseconds between checks of the clock.
    private static let tick: pa_usec_t = 500_000

    private(set) var context: OpaquePointer?
    private let loop: OpaquePointer
    let server: String?
    private let signal: StopSignal
    private var stopEvent: OpaquePointer?
    private var timer: OpaquePointer?
    /// Whether the server is PipeWire's; known after `identify`.
    var isPipeWire = false
    /// What may have changed on the server since it was asked last.
    var changes = PulseChanges()
    /// The answers to the question in progress.
    var answers = PulseAnswers()

    /// - Parameter loop: a `pa_threaded_mainloop`, running; the caller holds its lock.
    init(loop: OpaquePointer, server: String?, signal: StopSignal) {
        self.loop = loop
        self.server = server
        self.signal = signal
    }

    /// The server's address, for messages.
    var address: String { server.map { "the PulseAudio server \($0)" } ?? "the PulseAudio server" }

    var this: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    // Safe: callbacks are removed in `close`, before this object can go.
    static func from(_ pointer: UnsafeMutableRawPointer?) -> PulseConnection {
        Unmanaged<PulseConnection>.fromOpaque(pointer!).takeUnretainedValue()
    }

    // MARK: Opening and closing

    /// Connects. Returns false if stopped before that.
    func open() throws(CaptureError) -> Bool {
        let api = pa_threaded_mainloop_get_api(loop)
        let properties = pa_proplist_new()
        defer { pa_proplist_free(properties) }
        pa_proplist_sets(properties, PA_PROP_APPLICATION_NAME, "genred")
        guard let context = pa_context_new_with_proplist(api, nil, properties) else {
            throw CaptureError(.cannotOpen, "out of memory", call: "pa_context_new_with_proplist")
        }
        self.context = context
        pa_context_set_state_callback(context, { _, this in PulseConnection.from(this).wake() }, this)
        stopEvent = api?.pointee.io_new(
            api, signal.fileDescriptor, PA_IO_EVENT_INPUT,
            { api, event, _, _, this in
                // Once is enough, and the descriptor stays readable.
                api?.pointee.io_enable(event, PA_IO_EVENT_NULL)
                PulseConnection.from(this).wake()
            }, this)
        timer = pa_context_rttime_new(
            context, pa_rtclock_now() + Self.tick,
            { _, event, _, this in
                let connection = PulseConnection.from(this)
                pa_context_rttime_restart(connection.context, event, pa_rtclock_now() + PulseConnection.tick)
                connection.wake()
            }, this)
        // Never spawn a server: a service's own would have no devices, and a user's belongs to the session.
        guard pa_context_connect(context, server, PA_CONTEXT_NOAUTOSPAWN, nil) == 0 else {
            throw refused("pa_context_connect")
        }
        return try wait { pa_context_get_state(context) == PA_CONTEXT_READY }
    }

    func close() {
        settle()
        let api = pa_threaded_mainloop_get_api(loop)
        if let stopEvent { api?.pointee.io_free(stopEvent) }
        if let timer { api?.pointee.time_free(timer) }
        if let context {
            pa_context_set_state_callback(context, nil, nil)
            pa_context_set_subscribe_callback(context, nil, nil)
            pa_context_disconnect(context)
            pa_context_unref(context)
        }
        (stopEvent, timer, context) = (nil, nil, nil)
    }

    /// Lets the handshake finish before the connection is closed: a libpulse (16.1) that is cut off never closes the
    /// descriptors that it is about to send, and months of reconnecting would use them all up.
    private func settle() {
        guard let context, let timer else { return }
        let deadline = monotonicSeconds() + Self.farewell
        pa_context_rttime_restart(context, timer, pa_rtclock_now() + pa_usec_t(Self.farewell * 1e6))
        var drain: OpaquePointer?
        while PA_CONTEXT_IS_GOOD(pa_context_get_state(context)) != 0, monotonicSeconds() < deadline {
            if pa_context_get_state(context) == PA_CONTEXT_READY {
                guard pa_context_is_pending(context) == 1 else { break }
                drain = drain ?? pa_context_drain(context, { _, this in PulseConnection.from(this).wake() }, this)
            }
            pa_threaded_mainloop_wait(loop)
        }
        if let drain {
            pa_operation_cancel(drain)
            pa_operation_unref(drain)
        }
    }

    // MARK: Waiting

    /// Makes `wait` check its condition again.
    func wake() {
        pa_threaded_mainloop_signal(loop, 0)
    }

    /// Waits until `condition` holds, at most as long as the server has to answer. Returns false if stopped before that.
    func wait(_ condition: () throws(CaptureError) -> Bool) throws(CaptureError) -> Bool {
        let deadline = monotonicSeconds() + Self.patience
        return try waitWithoutLimit { () throws(CaptureError) in
            if try condition() { return true }
            guard monotonicSeconds() < deadline else {
                throw CaptureError(
                    .cannotOpen,
                    "\(address) accepts the connection but does not answer; it hangs, or is not a PulseAudio server")
            }
            return false
        }
    }

    /// Waits until `condition` holds, and checks it whenever something happens and at every tick.
    func waitWithoutLimit(_ condition: () throws(CaptureError) -> Bool) throws(CaptureError) -> Bool {
        while true {
            if signal.isRaised { return false }
            if PA_CONTEXT_IS_GOOD(pa_context_get_state(context)) == 0 { throw refused("pa_context_connect") }
            if try condition() { return true }
            pa_threaded_mainloop_wait(loop)
        }
    }

    // MARK: Errors

    /// Describes a failed call in libpulse's words.
    func failed(
        _ what: String, _ call: String, _ code: CaptureError.Code = .cannotOpen, hint: String = ""
    ) -> CaptureError {
        let error = pa_context_errno(context)
        return CaptureError(
            code, "\(address) \(what): \(String(cString: pa_strerror(error)))\(hint)", call: call, errno: error)
    }

    private func refused(_ call: String) -> CaptureError {
        let error = pa_context_errno(context)
        switch pa_error_code(UInt32(error)) {
        case PA_ERR_CONNECTIONREFUSED, PA_ERR_INVALIDSERVER:
            let hint = server == nil ? " Choose another one by PULSE_SERVER, or by ?server= in the URI" : ""
            return failed("cannot be reached", call, hint: "; is it running?\(hint)")
        case PA_ERR_CONNECTIONTERMINATED:
            return failed("went away", call, .disconnected)
        default:
            return failed("cannot be used", call)
        }
    }
}

extension CaptureError {
    /// Whether the server answered that it has no such source.
    var isNoSuchSource: Bool {
        call == "pa_context_get_source_info_by_name" && errno == Int32(PA_ERR_NOENTITY.rawValue)
    }
}
