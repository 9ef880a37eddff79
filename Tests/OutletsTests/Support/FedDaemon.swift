// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import TestSupport
import Testing

/// A real genred whose sources are FIFOs that the test feeds, so that labels change when the test wants it. It can be
/// stopped, killed and started again: configuration, socket and state stay.
///
/// A source plays silence until `play` says otherwise. The labels follow within half a second:
///
/// | sound | label |
/// | --- | --- |
/// | `.silence` | `silence` |
/// | `.noise` | `unsure`, `no-music` or a genre, as the model likes |
/// | `.nothing` | `no-signal` after a second |
final class FedDaemon {
    let folder: TemporaryFolder
    let socket: String
    /// The environment of the next start.
    var environment: [String: String] = [:]
    let feeder = Feeder()
    private var process: ChildProcess?

    /// Starts it, and waits until it answers.
    ///
    /// - Parameters:
    ///   - sources: their names.
    ///   - yaml: more lines for its configuration.
    init(_ sources: [String] = ["radio"], yaml: String = "") async throws {
        // A write to a FIFO without a reader fails instead of ending the tests.
        Glibc.signal(SIGPIPE, SIG_IGN)
        folder = try TemporaryFolder()
        socket = folder.file("genred.sock")
        try configure(sources, yaml: yaml)
        try await start()
    }

    deinit {
        feeder.end()
        process?.end()
    }

    /// Writes the configuration, for the next start or reload.
    func configure(_ sources: [String], yaml: String = "") throws {
        let list = sources.map {
            "  - {name: \"\($0)\", uri: \"pipe:\(fifo($0))?rate=22050&channels=1&format=s16le\"}\n"
        }
        for source in sources where access(fifo(source), F_OK) != 0 {
            try #require(mkfifo(fifo(source), 0o600) == 0)
        }
        _ = try folder.write(
            """
            sources:\(list.isEmpty ? " []" : "\n" + list.joined())
            update: 0.06
            estimator: {silence-after: 0.1}
            socket: {path: \(socket)}
            \(yaml)

            """, to: "genred.yaml")
        feeder.feed(sources.map { ($0, fifo($0)) })
    }

    private func fifo(_ source: String) -> String { folder.file("\(source).fifo") }

    // MARK: The process

    /// Starts it, and waits until it answers.
    func start() async throws {
        let state = folder.file("state")
        mkdir(state, 0o700)
        process = try ChildProcess(
            shell: "exec '\(Programs.built("genred"))' --config genred.yaml >>log 2>&1", in: folder.path,
            environment: environment.merging(["STATE_DIRECTORY": state]) { one, _ in one })
        _ = try await client()
    }

    /// Stops it in order, and waits for its end.
    func stop() async {
        process?.signal(SIGTERM)
        #expect(await eventually { process?.isRunning != true }, "genred does not stop: \(log.suffix(2000))")
    }

    /// Kills it, and waits for its end.
    func kill() { process?.end() }

    func restart() async throws {
        await stop()
        try await start()
    }

    /// Holds it (SIGSTOP), as a machine that is too busy would, or lets it go on (SIGCONT).
    func signal(_ number: Int32) { process?.signal(number) }

    var pid: pid_t { process?.pid ?? 0 }

    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    /// A new client, as soon as the daemon answers.
    func client() async throws -> ControlClient {
        var client: ControlClient?
        var last = ""
        _ = await eventually {
            do { client = try ControlClient(path: socket) } catch { last = "\(error)" }
            return client != nil || process?.isRunning != true
        }
        guard let client else { throw Programs.Failure(description: "no answer: \(last); the log:\n\(log)") }
        return client
    }

    /// Changes the configuration and makes the daemon read it again.
    func reload(_ sources: [String], yaml: String = "") async throws {
        try configure(sources, yaml: yaml)
        _ = try await client().reload()
    }

    // MARK: What it hears

    /// Plays a sound on a source, at the pace of the clock, until the next call.
    func play(_ sound: Feeder.Sound, on source: String = "radio") { feeder.play(sound, on: source) }

    /// Waits until a source has a label.
    func waitFor(_ label: String, on source: String = "radio") async throws {
        let client = try await client()
        var last = ""
        let isThere = try await eventually {
            last = try client.current(source: source).first?.label ?? ""
            return last == label
        }
        #expect(isThere, "\(source) is \(last), not \(label): \(log.suffix(2000))")
    }

    /// Makes a number of changes of label at least, as fast as the daemon can analyse: silence and noise take turns.
    func makeChanges(_ count: Int, on source: String = "radio") async throws {
        let client = try await client()
        _ = try client.subscribe(source: source, events: [.change])
        var made = 0
        let isDone = try await eventually(within: 300) {
            if made < count { await feeder.alternate(seconds: 0.2, times: min(count - made, 200) / 2 + 1, on: source) }
            while case .change? = try client.nextNotification() { made += 1 }
            return made >= count
        }
        #expect(isDone, "the labels do not change: \(log.suffix(2000))")
    }

    /// Every change in the history so far, oldest first.
    func history() async throws -> [Change] {
        let client = try await client()
        var changes: [Change] = []
        while true {
            let last = changes.last?.seq ?? 0
            let page = try client.history(after: last, limit: 5000)
            changes += page.changes
            guard page.more, changes.last?.seq ?? 0 > last else { return changes }
        }
    }
}
