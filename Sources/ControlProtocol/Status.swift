/// The values that cross the control socket (docs/protocol.md).
///
/// Names on the wire are the Swift names. A reader ignores keys it does not know, so that a newer daemon can
/// speak to an older client; `protocolVersion` changes only when an old client would misunderstand.
public let protocolVersion = 1

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
    @OrNull public var config: String?
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
