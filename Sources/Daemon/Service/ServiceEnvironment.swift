// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Glibc

/// The settings that the service manager (systemd) passes to this process in environment variables.
struct ServiceEnvironment: Sendable, Equatable {
    /// The socket on which it receives notifications (sd_notify(3)).
    var notifySocket: String?
    /// The longest time between two signs of life, in seconds (sd_watchdog_enabled(3)); nil if it expects none.
    var watchdogInterval: Double?
    /// The descriptors that it opened for this process (sd_listen_fds(3)).
    var descriptors: Range<Int32> = Self.firstDescriptor..<Self.firstDescriptor

    /// The first descriptor that can be passed: the one after the standard ones.
    private static let firstDescriptor: Int32 = 3

    /// The environment of a process that no service manager started.
    static let none = ServiceEnvironment()

    private init() {}

    /// Reads the variables that are meant for the process `pid`. Throws for impossible values.
    init(_ variable: (String) -> String?, pid: pid_t = getpid()) throws(StartError) {
        notifySocket = variable("NOTIFY_SOCKET")
        // A parent may have left its own variables: they name its process. A watchdog without a name is for anyone.
        if (variable("WATCHDOG_PID") ?? "\(pid)") == "\(pid)", let text = variable("WATCHDOG_USEC") {
            guard let microseconds = Double(text), microseconds >= 1, microseconds.isFinite else {
                throw Self.error("WATCHDOG_USEC", text)
            }
            watchdogInterval = microseconds * 1e-6
        }
        if variable("LISTEN_PID") == "\(pid)", let text = variable("LISTEN_FDS") {
            guard let count = Int32(text), (0...1024).contains(count) else { throw Self.error("LISTEN_FDS", text) }
            descriptors = Self.firstDescriptor..<Self.firstDescriptor + count
        }
    }

    /// Reads this process's variables and removes them, so that no program that this one starts uses them. Call it
    /// before there are other threads that read the environment.
    static func take() throws(StartError) -> ServiceEnvironment {
        let taken = try ServiceEnvironment(SocketPath.variable)
        for name in [
            "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
        ] { unsetenv(name) }
        for descriptor in taken.descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return taken
    }

    private static func error(_ name: String, _ value: String) -> StartError {
        StartError(.configuration, "the service manager set \(name) to an impossible value: \(value.prefix(40))")
    }
}
