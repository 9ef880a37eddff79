// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The state of a source's device.
package enum DeviceState: String, Codable, Sendable, CaseIterable {
    /// The device is being opened for the first time.
    case opening
    case running
    /// The device delivers nothing for now: a FIFO without a writer, or a suspended PulseAudio input.
    case waiting
    /// The device is gone or fails; it is being reopened until that succeeds.
    case lost
    /// The file or pipe is at its end.
    case ended
}

/// A change of a source's device: the parameters of a `state` notification.
package struct DeviceChange: Codable, Sendable, Equatable {
    package var source: String
    package var time: String
    package var state: DeviceState
    /// What happened, for people; null when there is nothing to report.
    @OrNull package var message: String?

    package init(source: String, time: String, state: DeviceState, message: String? = nil) {
        self.source = source
        self.time = time
        self.state = state
        self.message = message
    }
}

/// What a source's station says of itself.
package struct StationStatus: Codable, Sendable, Equatable {
    /// Null while nothing is known of it.
    @OrNull package var state: StationState?
    /// More about it for people, such as `404 Not Found, next try in 8 s`; null if there is nothing.
    @OrNull package var detail: String?
    /// How many of its notes were ignored: too long, too many, or not understood.
    package var ignoredNotes: Int

    package init(state: StationState? = nil, detail: String? = nil, ignoredNotes: Int = 0) {
        self.state = state
        self.detail = detail
        self.ignoredNotes = ignoredNotes
    }
}

/// One source, as `sources` and `status` list it.
package struct SourceStatus: Codable, Sendable, Equatable {
    package var name: String
    /// The configured URI.
    package var uri: String
    /// `alsa`, `pulse`, `pipe`, `station` or `file`.
    package var kind: String
    /// The device that was actually opened; null before that.
    @OrNull package var device: String?
    /// The format of the audio, such as `S16 48000 Hz 2 channels`; null before the device is open.
    @OrNull package var format: String?
    package var state: DeviceState
    /// How often the device itself lost audio (ALSA's overruns, PulseAudio's holes).
    package var overruns: Int
    /// The number of samples, per channel and at the device's rate, that were dropped because they were not analysed in
    /// time.
    package var dropped: Int
    /// How often the source was opened again: after a loss, and for each new writer of a FIFO.
    package var reconnects: Int
    /// Seconds of audio analysed.
    package var position: Double
    /// Seconds of audio analysed since the daemon started: unlike `position`, it goes on when the source is opened again.
    package var audioSeconds: Double
    /// Seconds of audio that were dropped because they were not analysed in time.
    package var droppedSeconds: Double
    /// The number of changes of label since the daemon started.
    package var changes: Int
    /// Seconds for which each label was published since the daemon started.
    package var labelSeconds: [String: Double]
    /// What the source, or a client with `annotate`, says is playing; null where nothing is known.
    @OrNull package var title: String?
    /// What its station says of itself; null for a source that is none.
    @OrNull package var station: StationStatus?
    /// What is worth knowing of the source, for programs: `suspended`, `muted`, `volume-zero`, `moved`, `channels-cancel` or
    /// `doubtful-format`; `message` says the same for people.
    package var conditions: [String]
    /// What the source waits for, why it delivers nothing, or what is odd about it, for people; null when there is nothing
    /// to report.
    @OrNull package var message: String?
    /// The last error, however long ago; null if there was none.
    @OrNull package var lastError: String?
    /// The time of the last error, RFC 3339.
    @OrNull package var lastErrorTime: String?

    package init(
        name: String, uri: String, kind: String, device: String? = nil, format: String? = nil, state: DeviceState,
        overruns: Int = 0, dropped: Int = 0, reconnects: Int = 0, position: Double = 0, audioSeconds: Double = 0,
        droppedSeconds: Double = 0, changes: Int = 0, labelSeconds: [String: Double] = [:], title: String? = nil,
        station: StationStatus? = nil, conditions: [String] = [], message: String? = nil, lastError: String? = nil,
        lastErrorTime: String? = nil
    ) {
        self.name = name
        self.uri = uri
        self.kind = kind
        self.device = device
        self.format = format
        self.state = state
        self.overruns = overruns
        self.dropped = dropped
        self.reconnects = reconnects
        self.position = position
        self.audioSeconds = audioSeconds
        self.droppedSeconds = droppedSeconds
        self.changes = changes
        self.labelSeconds = labelSeconds
        self.title = title
        self.station = station
        self.conditions = conditions
        self.message = message
        self.lastError = lastError
        self.lastErrorTime = lastErrorTime
    }
}
