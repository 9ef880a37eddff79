// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc
import TestSupport
import Testing

@testable import genred

/// A genred process, from the program that was built beside the tests, started as a service manager starts it.
final class DaemonProcess {
    let process: ChildProcess
    let notifications: NotifySocket
    private let folder: TemporaryFolder
    private let logPath: String

    /// - Parameters:
    ///   - listening: a descriptor to pass as the control socket.
    ///   - watchdog: seconds.
    init(_ folder: TemporaryFolder, _ arguments: String, listening: Int32? = nil, watchdog: Double? = nil) throws {
        self.folder = folder
        notifications = try NotifySocket(folder.file("notify"))
        logPath = folder.file("log")
        var variables = ["NOTIFY_SOCKET": notifications.path]
        if let watchdog { variables["WATCHDOG_USEC"] = "\(Int(watchdog * 1e6))" }
        let activation = listening == nil ? "" : "LISTEN_FDS=1 LISTEN_PID=$$ "
        process = try ChildProcess(
            shell: "\(activation)exec '\(Programs.built("genred"))' --history none \(arguments) 2>>log",
            in: folder.path,
            environment: variables, third: listening)
    }

    deinit { process.end() }

    var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// The names of its threads.
    var threads: [String] {
        let folder = "/proc/\(process.pid)/task"
        return (try? FileManager.default.contentsOfDirectory(atPath: folder))?.compactMap { thread in
            (try? String(contentsOfFile: "\(folder)/\(thread)/comm", encoding: .utf8))?
                .trimmingCharacters(in: .newlines)
        } ?? []
    }

    /// Freezes one of its threads until the returned process ends.
    func freeze(_ thread: String) async throws -> ChildProcess {
        let name = "frozen-\(UUID().uuidString)"
        let freezer = try ChildProcess(
            shell: "exec '\(Programs.built("freeze-thread"))' \(process.pid) '\(thread)' >\(name)", in: folder.path)
        let isFrozen = await eventually {
            (try? String(contentsOfFile: folder.file(name), encoding: .utf8)) == "frozen\n"
        }
        #expect(isFrozen)
        return freezer
    }

    /// Sends SIGTERM. Returns the exit status, or nil if it does not end.
    func stop() async -> Int32? {
        process.signal(SIGTERM)
        _ = await eventually { !process.isRunning }
        return process.status
    }
}
