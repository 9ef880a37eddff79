// SPDX-License-Identifier: GPL-3.0-or-later

/// The values that cross the control socket (docs/protocol.md).
///
/// Names on the wire are the Swift names. A reader ignores keys it does not know, so that a newer daemon can
/// speak to an older client; `protocolVersion` changes only when an old client would misunderstand.
package let protocolVersion = 1

/// The model that runs.
package struct ModelInfo: Codable, Sendable, Equatable {
    /// Where it was read from.
    package var path: String
    package var labels: [String]
    package var parameters: Int
    /// The card of the model file, as it stands there: training data, accuracy, calibration.
    package var card: [String: String]

    package init(path: String, labels: [String], parameters: Int, card: [String: String]) {
        self.path = path
        self.labels = labels
        self.parameters = parameters
        self.card = card
    }
}

/// The result of `describe`.
package struct Description: Codable, Sendable, Equatable {
    package var name: String
    package var version: String
    package var protocolVersion: Int
    package var methods: [String]
    package var model: ModelInfo

    package init(name: String, version: String, protocolVersion: Int, methods: [String], model: ModelInfo) {
        self.name = name
        self.version = version
        self.protocolVersion = protocolVersion
        self.methods = methods
        self.model = model
    }
}

/// The result of `status`.
package struct DaemonStatus: Codable, Sendable, Equatable {
    package var version: String
    package var pid: Int
    /// When it started, RFC 3339.
    package var started: String
    /// Seconds since then.
    package var uptime: Double
    /// Processor time used since the start, seconds.
    package var cpu: Double
    /// Resident memory, bytes.
    package var memory: Int
    /// Clients connected, and how many of them are subscribed.
    package var clients: Int
    package var subscribers: Int
    package var model: ModelInfo
    /// The configuration file that is in force; null when there is none.
    @OrNull package var config: String?
    package var sources: [SourceStatus]

    package init(
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
