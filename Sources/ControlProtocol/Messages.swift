/// The values that cross the control socket (docs/protocol.md).
///
/// Names on the wire are the Swift names. A reader ignores keys it does not know, so that a newer daemon can
/// speak to an older client; `protocolVersion` changes only when an old client would misunderstand.
public let protocolVersion = 1

/// What a source is heard to be, or why nothing can be said.
public enum EstimateState: String, Codable, Sendable, CaseIterable {
    /// Less than one window (3 s) of audio has been heard.
    case starting
    /// A genre is published.
    case genre
    /// Music, but no genre is probable enough.
    case unsure
    /// The level has been under the silence threshold.
    case silence
    /// Speech, noise or a crowd, if the model has such a class.
    case noMusic = "no-music"
    /// The device is lost, or delivers nothing.
    case noSignal = "no-signal"
}

/// The rolling estimate of one source: the result of `current`, the parameters of an `estimate` notification.
public struct Estimate: Codable, Sendable, Equatable {
    /// The source's name.
    public var source: String
    /// When this was published, RFC 3339 with milliseconds, in UTC.
    public var time: String
    /// Seconds of audio heard since the source was opened.
    public var position: Double
    public var state: EstimateState
    /// Null unless `state` is `genre`.
    public var genre: String?
    /// How probable `genre` (or the state `no-music`) is, 0 to 1, calibrated; of an `unsure` estimate, how probable the best guess is.
    public var confidence: Double
    /// Each label's smoothed probability; they sum to 1.
    public var probabilities: [String: Double]
    /// When the label or state published now began, RFC 3339.
    public var since: String
    /// The level of the last update's audio, dB below full scale (RMS; -120 for digital silence); null before any audio.
    public var level: Double?
    /// Each label's calibrated probability in the last window alone, before smoothing; null before the first window.
    public var window: [String: Double]?

    public init(
        source: String, time: String, position: Double, state: EstimateState, genre: String?, confidence: Double,
        probabilities: [String: Double], since: String, level: Double? = nil, window: [String: Double]? = nil
    ) {
        self.source = source
        self.time = time
        self.position = position
        self.state = state
        self.genre = genre
        self.confidence = confidence
        self.probabilities = probabilities
        self.since = since
        self.level = level
        self.window = window
    }

    /// What is published in one word: the genre, or the state where there is none.
    public var label: String { genre ?? state.rawValue }
}

/// A change of the published label: a `change` notification, an entry of `history`.
public struct Change: Codable, Sendable, Equatable {
    public var source: String
    public var time: String
    /// Seconds of audio heard since the source was opened.
    public var position: Double
    /// The label (a genre or a state's name) until now.
    public var from: String
    public var to: String
    /// The confidence in `to`, 0 to 1.
    public var confidence: Double
    /// How long `from` had lasted, in seconds.
    public var lasted: Double

    public init(
        source: String, time: String, position: Double, from: String, to: String, confidence: Double, lasted: Double
    ) {
        self.source = source
        self.time = time
        self.position = position
        self.from = from
        self.to = to
        self.confidence = confidence
        self.lasted = lasted
    }
}

/// What a source's device is doing.
public enum DeviceState: String, Codable, Sendable, CaseIterable {
    /// Being opened for the first time, or waiting for a FIFO's first writer.
    case opening
    case running
    /// Gone or failing; it is being reopened for ever.
    case lost
    /// A file or pipe at its end.
    case ended
}

/// A change of a source's device: the parameters of a `state` notification.
public struct DeviceChange: Codable, Sendable, Equatable {
    public var source: String
    public var time: String
    public var state: DeviceState
    /// What happened, for people; null when there is nothing to say.
    public var message: String?

    public init(source: String, time: String, state: DeviceState, message: String? = nil) {
        self.source = source
        self.time = time
        self.state = state
        self.message = message
    }
}

/// One source, as `sources` and `status` list it.
public struct SourceStatus: Codable, Sendable, Equatable {
    public var name: String
    /// The URI it was configured with.
    public var uri: String
    /// `alsa`, `pulse`, `pipe` or `file`.
    public var kind: String
    /// The device that was really opened; null before it was.
    public var device: String?
    /// What it delivers, such as `S16 48000 Hz 2 channels`; null before it was opened.
    public var format: String?
    public var state: DeviceState
    /// How often the device itself lost audio (ALSA's xruns, PulseAudio's holes).
    public var overruns: Int
    /// Samples (per channel, at the device's rate) dropped because they were not analysed in time.
    public var dropped: Int
    /// How often it was reopened after a loss.
    public var reconnects: Int
    /// Seconds of audio analysed.
    public var position: Double
    public var lastError: String?

    public init(
        name: String, uri: String, kind: String, device: String? = nil, format: String? = nil, state: DeviceState,
        overruns: Int = 0, dropped: Int = 0, reconnects: Int = 0, position: Double = 0, lastError: String? = nil
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
        self.lastError = lastError
    }
}

/// The model that runs.
public struct ModelInfo: Codable, Sendable, Equatable {
    /// Where it was read from.
    public var path: String
    public var labels: [String]
    public var parameters: Int
    /// The card of the model file, as it stands there: training data, accuracy, calibration.
    public var card: [String: String]

    public init(path: String, labels: [String], parameters: Int, card: [String: String]) {
        self.path = path
        self.labels = labels
        self.parameters = parameters
        self.card = card
    }
}

/// The result of `describe`.
public struct Description: Codable, Sendable, Equatable {
    public var name: String
    public var version: String
    public var protocolVersion: Int
    public var methods: [String]
    public var model: ModelInfo

    public init(name: String, version: String, protocolVersion: Int, methods: [String], model: ModelInfo) {
        self.name = name
        self.version = version
        self.protocolVersion = protocolVersion
        self.methods = methods
        self.model = model
    }
}

/// The result of `status`.
public struct DaemonStatus: Codable, Sendable, Equatable {
    public var version: String
    public var pid: Int
    /// When it started, RFC 3339.
    public var started: String
    /// Seconds since then.
    public var uptime: Double
    /// Processor time used since the start, seconds.
    public var cpu: Double
    /// Resident memory, bytes.
    public var memory: Int
    /// Clients connected, and how many of them are subscribed.
    public var clients: Int
    public var subscribers: Int
    public var model: ModelInfo
    /// The configuration file that is in force; null when there is none.
    public var config: String?
    public var sources: [SourceStatus]

    public init(
        version: String, pid: Int, started: String, uptime: Double, cpu: Double, memory: Int, clients: Int,
        subscribers: Int, model: ModelInfo, config: String?, sources: [SourceStatus]
    ) {
        self.version = version
        self.pid = pid
        self.started = started
        self.uptime = uptime
        self.cpu = cpu
        self.memory = memory
        self.clients = clients
        self.subscribers = subscribers
        self.model = model
        self.config = config
        self.sources = sources
    }
}

/// The parameters of a `lost` notification: this subscriber read too slowly.
public struct Lost: Codable, Sendable, Equatable {
    /// How many estimates it did not get since the last one it got.
    public var estimates: Int

    public init(estimates: Int) { self.estimates = estimates }
}

/// What one can subscribe to.
public enum EventKind: String, Codable, Sendable, CaseIterable {
    case estimate, change, state
}
