// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPulse

/// What may have changed on a server since it was asked last.
struct PulseChanges {
    var defaults = false
    /// The source that is recorded, its sink or the recording: its volume, its state, whether it is muted.
    var devices = false
    /// Their indices.
    var watched = (source: UInt32.max, sink: UInt32.max, recording: UInt32.max)

    fileprivate mutating func note(_ event: pa_subscription_event_type_t, _ index: UInt32) {
        switch event.rawValue & PA_SUBSCRIPTION_EVENT_FACILITY_MASK.rawValue {
        case PA_SUBSCRIPTION_EVENT_SERVER.rawValue: defaults = true
        case PA_SUBSCRIPTION_EVENT_SOURCE.rawValue where index == watched.source,
            PA_SUBSCRIPTION_EVENT_SINK.rawValue where index == watched.sink,
            PA_SUBSCRIPTION_EVENT_SOURCE_OUTPUT.rawValue where index == watched.recording:
            devices = true
        default: break
        }
    }
}

/// The answers to the question in progress.
struct PulseAnswers {
    fileprivate var sources: [PulseConnection.Source] = []
    fileprivate var sink: PulseConnection.Sink?
    fileprivate var recording: PulseConnection.Controls?
    fileprivate var isComplete = false
}

/// Questions to the server.
extension PulseConnection {
    /// Whether something is muted, and whether its volume is zero.
    struct Controls {
        var isMuted = false
        var isVolumeZero = false

        init() {}

        init(mute: Int32, volume: pa_cvolume) {
            isMuted = mute != 0
            var volume = volume
            isVolumeZero = volume.channels > 0 && pa_cvolume_max(&volume) == 0
        }
    }

    /// The server's description of a source.
    struct Source {
        var index: UInt32
        var name: String
        var description: String
        var sampleSpec: pa_sample_spec
        var channelMap: pa_channel_map
        /// The sink whose monitor it is; nil for an input.
        var monitored: UInt32?
        var isRunning: Bool
        var controls: Controls

        init(_ info: pa_source_info) {
            index = info.index
            name = String(cString: info.name)
            description = String(cString: info.description)
            sampleSpec = info.sample_spec
            channelMap = info.channel_map
            monitored = info.monitor_of_sink == UInt32.max ? nil : info.monitor_of_sink
            isRunning = info.state == PA_SOURCE_RUNNING
            controls = Controls(mute: info.mute, volume: info.volume)
        }
    }

    /// The server's description of a sink.
    struct Sink {
        var name: String
        var isSuspended: Bool
        var controls: Controls

        init(_ info: pa_sink_info, isPipeWire: Bool) {
            name = String(cString: info.name)
            isSuspended = info.state == PA_SINK_SUSPENDED
            controls = Controls(mute: info.mute, volume: info.volume)
            // What the card itself mutes is heard by the monitor all the same. In PipeWire, that is so unless the sink says
            // otherwise.
            let property = pa_proplist_gets(info.proplist, "monitor.channel-volumes").map { String(cString: $0) }
            if isPipeWire, property != "true" { controls = Controls() }
            if info.flags.rawValue & PA_SINK_HW_MUTE_CTRL.rawValue != 0 { controls.isMuted = false }
            if info.flags.rawValue & PA_SINK_HW_VOLUME_CTRL.rawValue != 0 { controls.isVolumeZero = false }
        }
    }

    /// Finds a source by its name, or the source that a default name stands for now. Returns nil if stopped before that.
    func findSource(_ name: String) throws(CaptureError) -> Source? {
        changes.defaults = false
        guard let found = try sources({ pa_context_get_source_info_by_name(context, name, $0, this) }) else {
            return nil
        }
        if let source = found.first { return source }
        guard let all = try sources({ pa_context_get_source_info_list(context, $0, this) }) else { return nil }
        let names = all.prefix(10).map(\.name).joined(separator: ", ")
        let offer = names.isEmpty ? "it has no sources" : "it has \(names)\(all.count > 10 ? ", …" : "")"
        throw CaptureError(
            .cannotOpen, "\(address) has no source \(quoted(name)) now; \(offer)",
            call: "pa_context_get_source_info_by_name", errno: Int32(PA_ERR_NOENTITY.rawValue))
    }

    /// The source with this index, the sink whose monitor it is, and the recording of it; what is gone meanwhile is nil.
    /// Returns nil if stopped before that.
    func look(
        atSource source: UInt32, recording: UInt32?
    ) throws(CaptureError) -> (source: Source?, sink: Sink?, recording: Controls?)? {
        changes.devices = false
        changes.watched = (source, .max, recording ?? .max)
        guard let sources = try sources({ pa_context_get_source_info_by_index(context, source, $0, this) }) else {
            return nil
        }
        if let sink = sources.first?.monitored {
            changes.watched.sink = sink
            let isAnswered = try ask("sink_info") {
                pa_context_get_sink_info_by_index(
                    context, sink,
                    { _, info, end, this in
                        let connection = PulseConnection.from(this)
                        if end == 0, let info = info?.pointee {
                            connection.answers.sink = Sink(info, isPipeWire: connection.isPipeWire)
                        } else {
                            connection.answered()
                        }
                    }, this)
            }
            guard isAnswered else { return nil }
        }
        let sink = answers.sink
        guard let recording else { return (sources.first, sink, nil) }
        let isAnswered = try ask("source_output_info") {
            pa_context_get_source_output_info(
                context, recording,
                { _, info, end, this in
                    let connection = PulseConnection.from(this)
                    if end == 0, let info = info?.pointee {
                        connection.answers.recording = Controls(mute: info.mute, volume: info.volume)
                    } else {
                        connection.answered()
                    }
                }, this)
        }
        return isAnswered ? (sources.first, sink, answers.recording) : nil
    }

    /// Finds out once which server this is. Returns false if stopped before that.
    func identify() throws(CaptureError) -> Bool {
        try ask("server_info") {
            pa_context_get_server_info(
                context,
                { _, info, this in
                    let connection = PulseConnection.from(this)
                    let name = info?.pointee.server_name.map { String(cString: $0) }
                    connection.isPipeWire = name?.contains("PipeWire") == true
                    connection.answered()
                }, this)
        }
    }

    /// Makes `changes` follow the server.
    func watch() {
        pa_context_set_subscribe_callback(
            context,
            { _, event, index, this in
                let connection = PulseConnection.from(this)
                connection.changes.note(event, index)
                connection.wake()
            }, this)
        let mask =
            PA_SUBSCRIPTION_MASK_SERVER.rawValue | PA_SUBSCRIPTION_MASK_SOURCE.rawValue
            | PA_SUBSCRIPTION_MASK_SINK.rawValue | PA_SUBSCRIPTION_MASK_SOURCE_OUTPUT.rawValue
        if let operation = pa_context_subscribe(context, pa_subscription_mask_t(mask), nil, nil) {
            pa_operation_unref(operation)
        }
    }

    private func sources(
        _ question: (@escaping pa_source_info_cb_t) -> OpaquePointer?
    ) throws(CaptureError) -> [Source]? {
        let isAnswered = try ask("source_info") {
            question { _, info, end, this in
                let connection = PulseConnection.from(this)
                if end == 0, let info {
                    connection.answers.sources.append(Source(info.pointee))
                } else {
                    connection.answered()
                }
            }
        }
        return isAnswered ? answers.sources : nil
    }

    /// Asks, and waits for the answers. Returns false if stopped before that.
    private func ask(_ what: String, _ question: () -> OpaquePointer?) throws(CaptureError) -> Bool {
        answers = PulseAnswers()
        guard let operation = question() else { throw failed("does not answer", "pa_context_get_\(what)") }
        defer {
            pa_operation_cancel(operation)
            pa_operation_unref(operation)
        }
        return try wait { answers.isComplete }
    }

    private func answered() {
        answers.isComplete = true
        wake()
    }
}
