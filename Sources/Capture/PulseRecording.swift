// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPulse

/// One recording on a connection; like it, touched only under the main loop's lock.
final class PulseRecording {
    /// Seconds without data after which a recording that should run counts as lost.
    static let patience = 2.0
    /// Seconds until the first data: a null sink's monitor delivers blocks of up to 2 s.
    static let patienceAtFirst = 5.0
    /// Seconds between two checks of the deadline that mean that this process did not run, rather than that the source
    /// stalled; a check comes at every tick of the connection.
    static let lateness = 1.5
    /// Seconds without data after which PipeWire, which does not say that a monitor pauses, is asked whether it does.
    var pause: Double { piece + 0.25 }
    /// Seconds between two looks at what the server knows: a volume that is being moved changes many times a second.
    static let lookInterval = 0.25

    let connection: PulseConnection
    let gate: SinkGate
    let source: PulseConnection.Source
    let mayMove: Bool
    /// Seconds of audio that the server is asked to deliver at once.
    let piece: Double
    let stream: OpaquePointer
    private let use: ChannelSelection?
    private var mixer: ChannelMixer
    private let mono = OwnedBuffer<Float>(repeating: 0, count: 8192)
    /// The time by which the next data must arrive, in `monotonicSeconds`.
    var deadline = Double.infinity
    /// When data came last, in `monotonicSeconds`.
    var lastData = 0.0
    var isPaused = false
    var notices = PulseNotices()
    /// The format of the open stream.
    private var announced: StreamFormat?
    /// When the server was asked last, in `monotonicSeconds`.
    var lastLook = -Double.infinity
    var error: CaptureError?

    /// - Parameter mayMove: whether the user may move the recording to another source, as is right for default ones.
    init(
        of source: PulseConnection.Source, _ use: ChannelSelection?, mayMove: Bool, on connection: PulseConnection,
        _ gate: SinkGate, piece: Double
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
        let properties = pa_proplist_new()
        defer { pa_proplist_free(properties) }
        // PipeWire's word for PA_STREAM_DONT_INHIBIT_AUTO_SUSPEND, which it does not know (0.3.65).
        if connection.isPipeWire, source.monitored != nil { pa_proplist_sets(properties, "node.passive", "true") }
        let name = "genre classification"
        guard let stream = pa_stream_new_with_proplist(connection.context, name, &spec, &map, properties) else {
            throw connection.failed("does not record \(source.name)", "pa_stream_new_with_proplist")
        }
        self.stream = stream
        self.source = source
        self.mayMove = mayMove
        self.piece = piece
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
            && spec.channels == source.sampleSpec.channels && isMonitor == (source.monitored != nil)
    }

    /// Whether it was a monitor when the recording began, so that the recording does not keep the sink awake.
    var isMonitor: Bool { source.monitored != nil }

    var isReady: Bool { pa_stream_get_state(stream) == PA_STREAM_READY }

    /// Whether this is a monitor of PipeWire, which pauses with its sink but does not say so.
    var canPauseUnsaid: Bool { connection.isPipeWire && isMonitor }

    var isSuspended: Bool { pa_stream_is_suspended(stream) == 1 }

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
        // A sink suspends as if nobody listened to its monitor: what is suspended plays nothing. An input is kept awake.
        if isMonitor { flags |= PA_STREAM_DONT_INHIBIT_AUTO_SUSPEND.rawValue }
        let fragment = Int(piece * Double(spec.rate)) * mixer.bytesPerFrame
        var attributes = pa_buffer_attr(
            maxlength: .max, tlength: .max, prebuf: .max, minreq: .max, fragsize: UInt32(fragment))
        guard pa_stream_connect_record(stream, source.name, &attributes, pa_stream_flags_t(flags)) == 0 else {
            throw connection.failed("does not record \(source.name)", "pa_stream_connect_record")
        }
        if canPauseUnsaid, !source.isRunning {
            // Such a recording becomes ready with the first data.
            announce()
            return true
        }
        return try connection.wait { () throws(CaptureError) in
            try checkState()
            return isReady
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

    func checkState() throws(CaptureError) {
        if let error { throw error }
        let state = pa_stream_get_state(stream)
        if state == PA_STREAM_FAILED || state == PA_STREAM_TERMINATED {
            throw connection.failed(
                "ended the recording of \(source.name)", "pa_stream_connect_record", .disconnected)
        }
    }

    // MARK: On the main loop's thread

    private func stateChanged() {
        if isReady {
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

    /// Reports the source that is recorded from now on.
    private func announce() {
        let device = deviceName
        let name = device == source.name ? "\(device) (\(source.description))" : device
        let format = StreamFormat(
            sampleRate: Int(pa_stream_get_sample_spec(stream).pointee.rate), channels: mixer.channels,
            encoding: mixer.encoding.name, device: name)
        guard format != announced else { return resume() }
        announced = format
        isPaused = false
        gate.handle(.opened(format))
        notices = PulseNotices()
        lastData = monotonicSeconds()
        deadline = lastData + Self.patienceAtFirst
        lookSoon()
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
            if isPaused, !isSuspended { resume() }
            if let data {
                process(UnsafeRawBufferPointer(start: data, count: length))
            } else {
                gate.handle(.overrun)
                processSilence(length / mixer.bytesPerFrame)
            }
            pa_stream_drop(stream)
            lastData = monotonicSeconds()
            deadline = lastData + Self.patience
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
