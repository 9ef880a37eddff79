// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

/// A real genred on a socket of its own, which ends with its test.
final class RunningDaemon {
    let socket: String
    let process = Process()
    private let folder: TemporaryFolder
    private let logPath: String

    /// - Parameters:
    ///   - sources: the name and the URI of each source.
    ///   - socket: the path of its control socket, instead of one in a folder of its own.
    ///   - input: its standard input.
    ///   - errors: where its log goes, instead of to `log`.
    ///   - limits: `ulimit` commands for the shell, each followed by a semicolon.
    init(
        sources: [(name: String, uri: String)], arguments: [String] = [], environment: [String: String] = [:],
        socket: String? = nil, input: FileHandle = .nullDevice, errors: FileHandle? = nil, limits: String = ""
    ) throws {
        folder = try TemporaryFolder()
        self.socket = socket ?? folder.file("genred.sock")
        logPath = folder.file("log")
        _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments =
            [
                "-c", "\(limits) exec \"$0\" \"$@\"", Programs.built("genred"), "--socket", self.socket, "--history",
                folder.file("history.sqlite"),
            ]
            + sources.flatMap { ["--source", "\($0.name)=\($0.uri)"] } + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardError = errors ?? FileHandle(forWritingAtPath: logPath)
        process.standardOutput = process.standardError
        try process.run()
    }

    deinit { if process.isRunning { process.terminate() } }

    var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// Connects a client as soon as the daemon answers.
    func client(within seconds: Double = 10) async throws -> ControlClient {
        var last = "nothing"
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            do { return try ControlClient(path: socket) } catch { last = "\(error)" }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Programs.Failure(
            description: "no answer on the socket (running: \(process.isRunning)): \(last); the log:\n\(log)")
    }

    func signal(_ number: Int32) { if process.isRunning { kill(process.processIdentifier, number) } }

    /// The number of open sockets: one per client, and a few of its own.
    var openSockets: Int {
        let folder = "/proc/\(process.processIdentifier)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.count {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)"))?.hasPrefix("socket:")
                == true
        }
    }

    /// The status of a source.
    func source(_ name: String, _ client: ControlClient) throws -> SourceStatus {
        guard let source = try client.sources().first(where: { $0.name == name }) else {
            throw Programs.Failure(description: "no source \(name)")
        }
        return source
    }

    /// Whether a source is analysed: its position grows within `seconds`.
    func isHeard(_ name: String, _ client: ControlClient, within seconds: Double = 5) async throws -> Bool {
        let start = try source(name, client).position
        return try await eventually(within: seconds) { try source(name, client).position != start }
    }

    /// Waits for the process to end. Returns its exit status, or nil if it does not end.
    func exit(within seconds: Double) async -> Int32? {
        await eventually(within: seconds) { !process.isRunning } ? process.terminationStatus : nil
    }

    /// Collects the estimates of a subscription until `done`, the daemon's end, or the time is up.
    func estimates(_ client: ControlClient, seconds: Double, until done: (Estimate) -> Bool = { _ in false }) throws
        -> [Estimate]
    {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var result: [Estimate] = []
        while ContinuousClock.now < deadline {
            let notification: ControlProtocol.Notification?
            do {
                notification = try client.nextNotification(timeout: .milliseconds(200))
            } catch {
                // The daemon ends with its last source; the estimates until then count.
                guard error.code == .closed else { throw error }
                break
            }
            guard case .estimate(let estimate) = notification else { continue }
            result.append(estimate)
            if done(estimate) { break }
        }
        return result
    }
}

extension RunningDaemon {
    /// Bytes of memory that belong to the process alone. Pages of files are not counted: they come and go with what runs.
    var memory: Int {
        get throws {
            let text = try String(
                contentsOfFile: "/proc/\(process.processIdentifier)/smaps_rollup", encoding: .utf8)
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Anonymous:") })
            return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
        }
    }
}
