// SPDX-License-Identifier: GPL-3.0-or-later

/// What a source's device is doing.
package enum DeviceState: String, Codable, Sendable, CaseIterable {
    /// Being opened for the first time.
    case opening
    case running
    /// A FIFO that nobody writes to.
    case waiting
    /// Gone or failing; it is being reopened for ever.
    case lost
    /// A file or pipe at its end.
    case ended
}

/// A change of a source's device: the parameters of a `state` notification.
package struct DeviceChange: Codable, Sendable, Equatable {
    package var source: String
    package var time: String
    package var state: DeviceState
    /// What happened, for people; null when there is nothing to say.
    @OrNull package var message: String?

    package init(source: String, time: String, state: DeviceState, message: String? = nil) {
        self.source = source
        self.time = time
        self.state = state
        self.message = message
    }
}

/// One source, as `sources` and `status` list it.
package struct SourceStatus: Codable, Sendable, Equatable {
    package var name: String
    /// The URI it was configured with.
    package var uri: String
    /// `alsa`, `pulse`, `pipe` or `file`.
    package var kind: String
    /// The device that was really opened; null before it was.
    @OrNull package var device: String?
    /// What it delivers, such as `S16 48000 Hz 2 channels`; null before it was opened.
    @OrNull package var format: String?
    package var state: DeviceState
    /// How often the device itself lost audio (ALSA's xruns, PulseAudio's holes).
    package var overruns: Int
    /// Samples (per channel, at the device's rate) dropped because they were not analysed in time.
    package var dropped: Int
    /// How often it was reopened after a loss.
    package var reconnects: Int
    /// Seconds of audio analysed.
    package var position: Double
    /// What it waits for or why it does not deliver, for people; null while there is nothing to say.
    @OrNull package var message: String?
    /// What went wrong last, however long ago.
    @OrNull package var lastError: String?
    /// When that was, RFC 3339.
    @OrNull package var lastErrorTime: String?

    package init(
        name: String, uri: String, kind: String, device: String? = nil, format: String? = nil, state: DeviceState,
        overruns: Int = 0, dropped: Int = 0, reconnects: Int = 0, position: Double = 0, message: String? = nil,
        lastError: String? = nil, lastErrorTime: String? = nil
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
        self.message = message
        self.lastError = lastError
        self.lastErrorTime = lastErrorTime
    }
}
