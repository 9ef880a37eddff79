// SPDX-License-Identifier: GPL-3.0-or-later

/// What a sound server knows of a recording and its listener may not: that something is muted, at volume zero, or moved.
struct PulseNotices {
    /// What holds now; nil before the server was asked.
    private var present: [SourceNotice.Kind: String]?

    /// Returns what has changed since the last call. The first call says of each kind whether it holds.
    ///
    /// - Parameters:
    ///   - sink: the sink whose monitor the source is, if it makes the monitor quieter, too.
    ///   - recording: the recording's own controls, and its index.
    ///   - moved: where it has been moved by hand; nil if it has not.
    mutating func update(
        _ source: PulseConnection.Source, _ sink: PulseConnection.Sink?, _ recording: PulseConnection.Controls?,
        _ index: UInt32, _ moved: String?, _ server: String?
    ) -> [SourceNotice] {
        let pactl = server.map { "pactl -s \($0)" } ?? "pactl"
        let controls = [
            ("the source", source.controls, "source", source.name),
            sink.map { ("the sink \($0.name)", $0.controls, "sink", $0.name) },
            recording.map { ("genred's recording", $0, "source-output", "\(index)") },
        ].compactMap(\.self)
        var now: [SourceNotice.Kind: String] = [:]
        now[.moved] = moved
        if let (what, _, kind, name) = controls.first(where: { $0.1.isMuted }) {
            now[.muted] =
                "\(what) is muted in PulseAudio, so only silence can be heard: \(pactl) set-\(kind)-mute \(name) 0"
        }
        if let (what, _, kind, name) = controls.first(where: { $0.1.isVolumeZero }) {
            now[.volumeZero] =
                "the volume of \(what) is zero in PulseAudio, so only silence can be heard: "
                + "\(pactl) set-\(kind)-volume \(name) 100%"
        }
        defer { present = now }
        return [
            (.muted, "no longer muted in PulseAudio"), (.volumeZero, "the volume is no longer zero in PulseAudio"),
            (.moved, "no longer moved in PulseAudio"),
        ].compactMap { kind, end in
            if let present, present[kind] == now[kind] { return nil }
            return SourceNotice(kind, now[kind] ?? end, isOver: now[kind] == nil)
        }
    }

    /// Describes why nothing comes.
    static func suspension(
        of source: PulseConnection.Source, _ sink: PulseConnection.Sink?, _ isStill: Bool
    ) -> SourceSuspension {
        guard let sink else {
            return SourceSuspension(
                text: "PulseAudio's source \(source.name) is suspended: pactl suspend-source \(source.name) 0",
                isSilence: false)
        }
        if sink.isSuspended || isStill {
            return SourceSuspension(
                text: "PulseAudio's sink \(sink.name) is suspended: it plays nothing", isSilence: true)
        }
        return SourceSuspension(
            text: "PulseAudio's sink \(sink.name) plays encoded sound (passthrough), which cannot be heard",
            isSilence: false)
    }
}
