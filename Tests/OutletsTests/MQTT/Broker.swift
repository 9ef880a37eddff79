// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

/// A real mosquitto on a free port, and a subscriber to everything.
final class Broker {
    let folder: TemporaryFolder
    let port: Int
    private var process: ChildProcess?
    private var subscriber: ChildProcess?
    private let access: String

    /// Whether what it needs is installed.
    static let isInstalled = Programs.find("mosquitto") != nil && Programs.has("mosquitto_sub", "mosquitto_pub")

    /// - Parameters:
    ///   - settings: more lines for its configuration. FOLDER stands for its folder.
    ///   - access: options that the clients need.
    init(settings: String = "allow_anonymous true", access: String = "") async throws {
        folder = try TemporaryFolder()
        port = try FreePort.find()
        self.access = access
        _ = try folder.write(
            "user root\nlistener \(port) 127.0.0.1\n\(settings.replacing("FOLDER", with: folder.path))\n",
            to: "mosquitto.conf")
    }

    deinit { stop() }

    var url: String { "mqtt://127.0.0.1:\(port)" }

    /// Starts it, with a subscriber that writes down everything.
    func start() async throws {
        process = try ChildProcess(shell: "exec mosquitto -c mosquitto.conf >>broker.log 2>&1", in: folder.path)
        #expect(await eventually { (try? client("mosquitto_pub", "-t test -n")) != nil }, "\(text("broker.log"))")
        // Two line-ends stand in for a payload that is empty.
        subscriber = try ChildProcess(
            shell: "exec mosquitto_sub -p \(port) \(access) -q 1 -F '%r %q %t %p' -t '#' >>messages 2>>errors",
            in: folder.path)
        _ = await eventually(within: 5) { text("broker.log").contains("mosq") || isSubscribed }
        try await Task.sleep(for: .milliseconds(300))
    }

    private var isSubscribed: Bool { subscriber?.isRunning == true }

    /// Stops it, and only then its subscriber: what it has acknowledged is written down.
    func stop() {
        process?.end()
        subscriber?.end()
    }

    func signal(_ number: Int32) { process?.signal(number) }

    private func client(_ program: String, _ arguments: String) throws -> String {
        try Programs.run("/bin/sh", ["-c", "\(program) -p \(port) \(access) \(arguments)"])
    }

    func publish(_ topic: String, _ payload: String) throws {
        _ = try client("mosquitto_pub", "-t '\(topic)' -m '\(payload)'")
    }

    /// Everything that is retained, by topic.
    func retained() throws -> [String: String] {
        let lines = try Programs.run(
            "/bin/sh",
            ["-c", "mosquitto_sub -p \(port) \(access) -F '%t %p' -t '#' --retained-only -W 1 || true"])
        return Dictionary(
            lines.split(separator: "\n").compactMap { line in
                let parts = line.split(separator: " ", maxSplits: 1)
                return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
            }, uniquingKeysWith: { $1 })
    }

    func text(_ name: String) -> String { (try? String(contentsOfFile: folder.file(name), encoding: .utf8)) ?? "" }

    /// What came on a topic since the start, oldest first.
    func messages(_ topic: String) -> [String] {
        text("messages").split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
            return parts.count == 4 && parts[2] == topic ? String(parts[3]) : nil
        }
    }

    func objects(_ topic: String) -> [[String: Any]] {
        messages(topic).compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
    }
}

/// A running `genred-outlet mqtt`.
final class MQTTProcess {
    let process: ChildProcess
    let folder: TemporaryFolder

    /// - Parameter state: the folder of another run, to continue where it was.
    init(
        _ daemon: FedDaemon, _ arguments: String, state: TemporaryFolder? = nil, environment: [String: String] = [:]
    ) throws {
        folder = try state ?? TemporaryFolder()
        process = try ChildProcess(
            shell: "exec '\(Programs.built("genred-outlet"))' --socket '\(daemon.socket)' mqtt \(arguments) 2>>log",
            in: folder.path,
            environment: environment.merging(["STATE_DIRECTORY": folder.file("state")]) { one, _ in one })
    }

    deinit { process.end() }

    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    /// Seconds of processor time so far.
    var processorTime: Double {
        let text = (try? String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: " ")
        return fields.count > 14 ? ((Double(fields[13]) ?? 0) + (Double(fields[14]) ?? 0)) / 100 : 0
    }

    func exit(within seconds: Double = 20) async -> Int32? {
        _ = await eventually(within: seconds) { !process.isRunning }
        return process.status
    }

    func stop() async -> Int32? {
        process.signal(SIGTERM)
        return await exit()
    }
}
