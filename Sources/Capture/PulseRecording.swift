// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPulse

/// One recording on a connection; like it, touched only under the main loop's lock.
final class PulseRecording {
    /// Seconds without data after which a recording that should run counts as lost.
    private static let patience = 2.0
    /// Seconds until the first data: a null sink's monitor delivers blocks of up to 2 s.
    private static let patienceAtFirst = 5.0
    /// Seconds of audio per message from the server.
    private static let fragment = 0.04
    /// Seconds between two checks of the deadline that mean that this process did not run, rather than that the source
    /// stalled; a check comes at every tick of the connection.
    private static let lateness = 1.5

    private let connection: PulseConnection
    private let gate: SinkGate
    private let source: PulseConnection.Source
    private let mayMove: Bool
    private let stream: OpaquePointer
    private let use: ChannelSelection?
    private var mixer: ChannelMixer
    private let mono = OwnedBuffer<Float>(repeating: 0, count: 8192)
    /// The time by which the next data must arrive, in `monotonicSeconds`.
    private var deadline = Double.infinity
    private var error: CaptureError?

    /// - Parameter mayMove: whether the user may move the recording to another source, as is right for default ones.
    init(
        of source: PulseConnection.Source, _ use: ChannelSelection?, mayMove: Bool, on connection: PulseConnection,
        _ gate: SinkGate
    ) throws(CaptureError) {
        let channels = Int(source.sampleSpec.channels)
        guard RequestedFormat.channelCounts.contains(channels) else {
            throw CaptureError(
                .formatMismatch,
                "PulseAudio's source \(source.name) has \(channels) channels; 1 to 64 are supported")
        }
        let listened = try use.listened(ofChannels: channels, device: "PulseAudio's source \(source.name)")
        let isInteger = source.sampleSpec.format == PA_SAMPLE_S16LE
        var spec = source.sampleSpec
        spec.format = isInteger ? PA_SAMPLE_S16LE : PA_SAMPLE_FLOAT32LE
        spec.rate = UInt32(min(max(Int(spec.rate), RequestedFormat.rates.lowerBound), RequestedFormat.rates.upperBound))
        var map = source.channelMap
        guard let stream = pa_stream_new(connection.context, "genre classification", &spec, &map) else {
            throw connection.failed("does not record \(source.name)", "pa_stream_new")
        }
        self.stream = stream
        self.source = source
        self.mayMove = mayMove
        self.connection = connection
        self.gate = gate
        self.use = use
        mixer = ChannelMixer(
            encoding: isInteger ? .int16 : .float32, channels: channels, rate: Int(spec.rate), listened: listened)
    }

    /// The source that is recorded now; after a move it is another one.
    var deviceName: String {
        pa_stream_get_device_name(stream).map { String(cString: $0) } ?? source.name
    }

    /// Whether this records `source`, at the source's own rate and channel count.
    func isNative(to source: PulseConnection.Source) -> Bool {
        let spec = pa_stream_get_sample_spec(stream).pointee
        return deviceName == source.name && spec.rate == source.sampleSpec.rate
            && spec.channels == source.sampleSpec.channels
    }

    private var isSuspended: Bool { pa_stream_is_suspended(stream) == 1 }

    private var this: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    // Safe: callbacks are removed in `close`, before this object can go.
    private static func from(_ pointer: UnsafeMutableRawPointer?) -> PulseRecording {
        Unmanaged<PulseRecording>.fromOpaque(pointer!).takeUnretainedValue()
    }

    /// Starts to record. Returns false if stopped before that.
    func begin() throws(CaptureError) -> Bool {
        pa_stream_set_state_callback(stream, { _, this in PulseRecording.from(this).stateChanged() }, this)
        pa_stream_set_read_callback(stream, { _, _, this in PulseRecording.from(this).read() }, this)
        pa_stream_set_suspended_callback(stream, { _, this in PulseRecording.from(this).suspendedOrResumed() }, this)
        pa_stream_set_moved_callback(stream, { _, this in PulseRecording.from(this).announce() }, this)
        let spec = pa_stream_get_sample_spec(stream).pointee
        // At the source's own rate and channel count, so that the server converts nothing.
        var flags = PA_STREAM_ADJUST_LATENCY.rawValue | PA_STREAM_FIX_CHANNELS.rawValue
        if spec.rate == source.sampleSpec.rate { flags |= PA_STREAM_FIX_RATE.rawValue }
        if !mayMove { flags |= PA_STREAM_DONT_MOVE.rawValue }
        let fragment = Int(Self.fragment * Double(spec.rate)) * mixer.bytesPerFrame
        var attributes = pa_buffer_attr(
            maxlength: .max, tlength: .max, prebuf: .max, minreq: .max, fragsize: UInt32(fragment))
        guard pa_stream_connect_record(stream, source.name, &attributes, pa_stream_flags_t(flags)) == 0 else {
            throw connection.failed("does not record \(source.name)", "pa_stream_connect_record")
        }
        return try connection.wait { () throws(CaptureError) in
            try checkState()
            return pa_stream_get_state(stream) == PA_STREAM_READY
        }
    }

    /// Waits until the server's defaults may have changed; throws when the recording is lost. Returns false if stopped
    /// before that.
    func waitForChange() throws(CaptureError) -> Bool {
        var lastCheck = monotonicSeconds()
        return try connection.waitWithoutLimit { () throws(CaptureError) in
            try checkState()
            let now = monotonicSeconds()
            if now > lastCheck + Self.lateness { deadline = max(deadline, now + Self.patience) }
            lastCheck = now
            if !isSuspended, now > deadline {
                throw CaptureError(
                    .disconnected, "PulseAudio's source \(deviceName) runs but delivers nothing; reopening it",
                    call: "pa_stream_peek")
            }
            return connection.takeHaveDefaultsChanged()
        }
    }

    func close() {
        pa_stream_set_state_callback(stream, nil, nil)
        pa_stream_set_read_callback(stream, nil, nil)
        pa_stream_set_suspended_callback(stream, nil, nil)
        pa_stream_set_moved_callback(stream, nil, nil)
        pa_stream_disconnect(stream)
        pa_stream_unref(stream)
    }

    private func checkState() throws(CaptureError) {
        if let error { throw error }
        let state = pa_stream_get_state(stream)
        if state == PA_STREAM_FAILED || state == PA_STREAM_TERMINATED {
            throw connection.failed(
                "ended the recording of \(source.name)", "pa_stream_connect_record", .disconnected)
        }
    }

    // MARK: On the main loop's thread

    private func stateChanged() {
        if pa_stream_get_state(stream) == PA_STREAM_READY {
            // The final agreement: the source may have changed since it was asked for.
            let spec = pa_stream_get_sample_spec(stream).pointee
            do throws(CaptureError) {
                mixer = ChannelMixer(
                    encoding: mixer.encoding, channels: Int(spec.channels), rate: Int(spec.rate),
                    listened: try use.listened(
                        ofChannels: Int(spec.channels), device: "PulseAudio's source \(source.name)"))
                announce()
            } catch {
                self.error = error
            }
        }
        connection.wake()
    }

    /// Reports the source that is recorded from now on, and whether it is suspended.
    private func announce() {
        let device = deviceName
        let name = device == source.name ? "\(device) (\(source.description))" : device
        gate.handle(
            .opened(
                StreamFormat(
                    sampleRate: Int(pa_stream_get_sample_spec(stream).pointee.rate), channels: mixer.channels,
                    encoding: mixer.encoding.name, device: name)))
        if isSuspended { reportSuspended() }
        deadline = monotonicSeconds() + Self.patienceAtFirst
    }

    private func suspendedOrResumed() {
        if isSuspended { reportSuspended() } else { announce() }
    }

    private func reportSuspended() {
        gate.handle(.waiting("PulseAudio's source \(deviceName) is suspended"))
    }

    private func read() {
        while true {
            var data: UnsafeRawPointer?
            var length = 0
            guard pa_stream_peek(stream, &data, &length) == 0 else {
                error = connection.failed("cannot be read", "pa_stream_peek", .readFailed)
                connection.wake()
                return
            }
            guard length > 0 else { break }
            if let data {
                process(UnsafeRawBufferPointer(start: data, count: length))
            } else {
                gate.handle(.overrun)
                processSilence(length / mixer.bytesPerFrame)
            }
            pa_stream_drop(stream)
            deadline = monotonicSeconds() + Self.patience
        }
    }

    private func process(_ bytes: UnsafeRawBufferPointer) {
        let step = mono.count * mixer.bytesPerFrame
        for start in stride(from: 0, to: bytes.count, by: step) {
            let part = bytes[start..<min(start + step, bytes.count)]
            gate.process(mixer.mix(UnsafeRawBufferPointer(rebasing: part), into: mono.elements))
            gate.pass(on: mixer)
        }
    }

    private func processSilence(_ frames: Int) {
        mono.fill(0)
        for start in stride(from: 0, to: frames, by: mono.count) {
            gate.process(UnsafeBufferPointer(mono.elements.extracting(..<min(mono.count, frames - start))))
        }
    }
}
