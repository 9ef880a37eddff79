// SPDX-License-Identifier: GPL-3.0-or-later

/// The result of `status`.
package struct DaemonStatus: Codable, Sendable, Equatable {
    package var version: String
    package var pid: Int
    /// The time at which the daemon started, RFC 3339.
    package var started: String
    /// Seconds since the start.
    package var uptime: Double
    /// Processor time used since the start, in seconds.
    package var cpu: Double
    /// Resident memory in bytes.
    package var memory: Int
    /// The number of connected clients.
    package var clients: Int
    /// The number of clients that are subscribed.
    package var subscribers: Int
    package var model: ModelInfo
    /// The configuration file in use; null when there is none.
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
