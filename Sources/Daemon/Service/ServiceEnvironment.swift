// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Glibc

/// What the service manager that started this process (systemd) told it, by variables of its environment.
struct ServiceEnvironment: Sendable, Equatable {
    /// Where it wants to be told how things are (sd_notify(3)).
    var notifySocket: String?
    /// How often it must hear that all is well, in seconds (sd_watchdog_enabled(3)); nil when it does not ask.
    var watchdogInterval: Double?
    /// What it opened for this process (sd_listen_fds(3)).
    var descriptors: Range<Int32> = Self.firstDescriptor..<Self.firstDescriptor

    /// Of those that are passed: the first after the standard ones.
    private static let firstDescriptor: Int32 = 3

    /// A process that no service manager started.
    static let none = ServiceEnvironment()

    private init() {}

    /// What is meant for the process `pid`. Throws when it cannot be meant.
    init(_ variable: (String) -> String?, pid: pid_t = getpid()) throws(StartError) {
        notifySocket = variable("NOTIFY_SOCKET")
        // Those of a parent that did not clear them are passed over; a watchdog without a name is anybody's.
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

    /// That of this process, which is cleared of it: a program that this one starts would take it for its own. To be
    /// called before other threads look at the environment.
    static func take() throws(StartError) -> ServiceEnvironment {
        let taken = try ServiceEnvironment(SocketPath.variable)
        for name in [
            "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
        ] { unsetenv(name) }
        for descriptor in taken.descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return taken
    }

    private static func error(_ name: String, _ value: String) -> StartError {
        StartError(.configuration, "the service manager's \(name) is no number that can be meant: \(value.prefix(40))")
    }
}
