// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import Foundation
import Logging
import TestSupport
import Testing

@testable import Reporting
@testable import genred

/// Tests of the whole daemon in this process, with real files, pipes and sockets. They run one at a time, because each
/// daemon traps the signals.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct DaemonTests {
    private let folder: TemporaryFolder
    private let log = LogRecorder()

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.file("s") }

    private func start(
        _ configuration: String, _ options: (inout CommandLineOptions) -> Void = { _ in }
    ) throws -> (daemon: Daemon, running: Task<genred.ExitStatus, any Error>) {
        var asked = CommandLineOptions(config: try folder.write(configuration, to: "g.yaml"), socket: path)
        // Leaves nothing behind in the home of the user who runs the tests.
        asked.history = .memory
        options(&asked)
        let recorder = log
        let daemon = try Daemon(
            try Setup(asked), options: asked, log: Logger(label: "x") { _ in recorder }, level: SharedLevel(.info),
            service: .none)
        return (daemon, Task { try await daemon.run() })
    }

    private func client() async throws -> RawClient {
        var client: RawClient?
        #expect(
            await eventually {
                client = try? RawClient(path)
                return client != nil
            })
        return try #require(client)
    }

    private func stop(_ running: Task<genred.ExitStatus, any Error>) async throws -> genred.ExitStatus {
        kill(getpid(), SIGTERM)
        let status = try await running.value
        #expect(access(path, F_OK) != 0)
        return status
    }

    private func positions(_ client: RawClient) async throws -> [String: Double] {
        let estimates = try await client.ask("current")?.result?["estimates"] as? [[String: Any]] ?? []
        return Dictionary(
            uniqueKeysWithValues: estimates.compactMap { estimate in
                (estimate["source"] as? String).map { ($0, estimate["position"] as? Double ?? -1) }
            })
    }

    @Test func `files are analysed to their end, and then the daemon ends`() async throws {
        let short = try folder.writeWAV(noise(seconds: 5), to: "short.wav")
        let long = try folder.writeWAV(noise(seconds: 30, rate: 44_100), rate: 44_100, to: "long.wav")
        let (_, running) = try start(
            """
            sources:
              - {name: short, uri: 'file:\(short)?pace=fast'}
              - {name: long, uri: 'file:\(long)?pace=fast'}
            """)
        #expect(try await running.value == .success)
        #expect(log.lines.contains("info short: ended after 5 s"))
        #expect(log.lines.contains("info long: ended after 30 s"))
        #expect(log.lines.last?.hasPrefix("info stopped after ") == true)
        #expect(access(path, F_OK) != 0)
    }

    @Test func `the exit code is a failure if every source failed, but not if only one did`() async throws {
        let good = try folder.writeWAV(noise(seconds: 4), to: "good.wav")
        let bad = try folder.write("no audio", to: "bad.wav")
        let (_, both) = try start(
            "sources: [{name: a, uri: 'file:\(good)?pace=fast'}, {name: b, uri: 'file:\(bad)'}]")
        #expect(try await both.value == .success)
        let (_, one) = try start("sources: [{name: b, uri: 'file:\(bad)'}]")
        #expect(try await one.value == .sourcesFailed)
    }

    @Test func `the last estimate of an ended source stays available while others run`() async throws {
        let short = try folder.writeWAV(noise(seconds: 5), to: "short.wav")
        let (_, running) = try start(
            "sources: [{name: a, uri: 'file:\(short)?pace=fast'}, {name: b, uri: 'file:\(short)?loop=true'}]")
        let client = try await client()
        #expect(
            try await eventually {
                let sources = try await client.ask("sources")?.result?["sources"] as? [[String: Any]]
                return sources?.first?["state"] as? String == "ended"
            })
        #expect(try await positions(client)["a"]! > 4.85)
        #expect(try await stop(running) == .success)
    }

    @Test func `a reload starts, stops and changes sources, and leaves the others running`() async throws {
        let music = try folder.writeWAV(noise(seconds: 60), to: "music.wav")
        func source(_ name: String, _ options: String = "?loop=true") -> String {
            "  - {name: \(name), uri: 'file:\(music)\(options)'}\n"
        }
        let (_, running) = try start("sources:\n" + source("stays") + source("changes") + source("goes"))
        let client = try await client()
        #expect(try await eventually { try await positions(client)["stays"] ?? 0 > 0.4 })
        let before = try await positions(client)
        _ = try folder.write(
            "log: {level: debug, summary: 10s}\nsources:\n" + source("comes") + source("stays")
                + source("changes", "?pace=realtime"), to: "g.yaml")
        let answer = try await client.ask("reload")
        #expect(
            answer?.result?["changed"] as? [String] == [
                "source goes: removed", "source comes: added, file:\(music)?loop=true",
                "source changes: changed, file:\(music)", "log",
            ])
        let after = try await positions(client)
        #expect(after.keys.sorted() == ["changes", "comes", "stays"])
        #expect(try #require(after["stays"]) >= #require(before["stays"]))
        #expect(try #require(after["changes"]) < #require(before["changes"]) + 0.3)
        let sources = try await client.ask("sources")?.result?["sources"] as? [[String: Any]]
        #expect(sources?.map { $0["name"] as? String } == ["comes", "stays", "changes"])
        #expect(try await client.ask("reload")?.result?["changed"] as? [String] == [])
        #expect(try await stop(running) == .success)
    }

    @Test func `a reload with a mistake changes nothing and reports it`() async throws {
        let music = try folder.writeWAV(noise(seconds: 60), to: "music.wav")
        let good = "sources: [{name: a, uri: 'file:\(music)?loop=true'}]\n"
        let (_, running) = try start(good)
        let client = try await client()
        for (text, message) in [
            (
                good + "modle: x",
                "\(folder.file("g.yaml")):2:1: unknown key \"modle\" in the file; did you mean \"model\"?"
            ),
            ("sources: []", "\(folder.file("g.yaml")):1:10: sources is empty; remove it to use the default source"),
        ] {
            _ = try folder.write(text, to: "g.yaml")
            let answer = try await client.ask("reload")
            #expect(answer?.errorCode == RPCError.Code.reloadRefused.rawValue)
            #expect(answer?.errorMessage == message)
            #expect(log.lines.contains("error reload refused, keeping the previous configuration: \(message)"))
        }
        _ = try folder.write("rubbish", to: "bad.safetensors")
        _ = try folder.write(good + "model: bad.safetensors", to: "g.yaml")
        #expect(try await client.ask("reload")?.errorCode == RPCError.Code.reloadRefused.rawValue)
        try FileManager.default.removeItem(atPath: folder.file("g.yaml"))
        #expect(try await client.ask("reload")?.errorCode == RPCError.Code.reloadRefused.rawValue)
        #expect(try await positions(client).keys.sorted() == ["a"])
        #expect(try await stop(running) == .success)
    }

    @Test func `another model or other parameters replace the analysis of what is running`() async throws {
        let music = try folder.writeWAV(noise(seconds: 60), to: "music.wav")
        let sources = "sources: [{name: a, uri: 'file:\(music)?loop=true&pace=fast'}]\n"
        let (_, running) = try start(sources)
        let client = try await client()
        #expect(try await eventually { try await positions(client)["a"] ?? 0 > 10 })
        let watching = try RawClient(path)
        #expect(try await watching.ask("subscribe", params: #"{"events":["estimate","change"]}"#)?.result != nil)
        let before = try await positions(client)
        _ = try folder.write(sources + "update: 0.96\nestimator: {enter: 0.9}", to: "g.yaml")
        #expect(
            try await client.ask("reload")?.result?["changed"] as? [String] == ["update: every 0.96 s", "estimator"])
        #expect(
            try await eventually { try await positions(client)["a"]! > before["a"]! + 10 }, "the position continues")
        let shipped = try Data(contentsOf: URL(fileURLWithPath: Setup(CommandLineOptions()).model.path))
        try shipped.write(to: URL(fileURLWithPath: folder.file("m.safetensors")))
        _ = try folder.write(sources + "model: m.safetensors", to: "g.yaml")
        #expect(
            try await client.ask("reload")?.result?["changed"] as? [String] == [
                "model: \(folder.file("m.safetensors"))", "update: every 0.24 s", "estimator",
            ])
        let model = try await client.ask("describe")?.result?["model"] as? [String: Any]
        #expect(model?["path"] as? String == folder.file("m.safetensors"))
        // The file is no longer a model: the loaded one stays in use.
        _ = try folder.write("rubbish", to: "m.safetensors")
        let refusal = try await client.ask("reload")
        #expect(refusal?.errorCode == RPCError.Code.reloadRefused.rawValue)
        #expect(refusal?.errorMessage?.contains("m.safetensors") == true)
        let reached = try await positions(client)["a"]!
        #expect(try await eventually { try await positions(client)["a"]! > reached + 10 })
        _ = try folder.write(sources, to: "g.yaml")
        #expect(
            try await client.ask("reload")?.result?["changed"] as? [String] == [
                "model: \(try Setup(CommandLineOptions()).model.path)"
            ])
        // A subscriber sees no source start again or go back.
        let end = try await positions(client)["a"]!
        var last = 0.0
        while last < end, let notification = try await watching.object() {
            guard notification["method"] as? String == "estimate", let estimate = notification.params else { continue }
            #expect(estimate["state"] as? String != "starting")
            let position = try #require(estimate["position"] as? Double)
            #expect(position > last)
            last = position
        }
        #expect(try await stop(running) == .success)
    }

    @Test func `SIGHUP reloads the file, and the command line still overrides it`() async throws {
        let music = try folder.writeWAV(noise(seconds: 60), to: "music.wav")
        let uri = try SourceURI(parsing: "file:\(music)?loop=true")
        let (_, running) = try start("history: {limit: 10}") { options in
            options.sources = [Configuration.Source(name: "mine", uri: uri)]
        }
        let client = try await client()
        _ = try folder.write("history: {limit: 20}\nsources: [{name: other, uri: 'alsa:x'}]", to: "g.yaml")
        kill(getpid(), SIGHUP)
        #expect(await eventually { log.lines.contains("notice reload: history") })
        #expect(try await positions(client).keys.sorted() == ["mine"])
        #expect(try await stop(running) == .success)
    }

    @Test func `a reload moves the socket, and connected clients stay connected`() async throws {
        let music = try folder.writeWAV(noise(seconds: 60), to: "music.wav")
        let sources = "sources: [{name: a, uri: 'file:\(music)?loop=true'}]\n"
        let (_, running) = try start(sources + "socket: {path: \(path)}") { $0.socket = nil }
        let client = try await client()
        let other = folder.file("other")
        _ = try folder.write("precious", to: "other")
        _ = try folder.write(sources + "socket: {path: \(other)}", to: "g.yaml")
        #expect(try await client.ask("reload")?.errorCode == RPCError.Code.reloadRefused.rawValue)
        try FileManager.default.removeItem(atPath: other)
        #expect(try await client.ask("reload")?.result?["changed"] as? [String] == ["socket: \(other)"])
        #expect(throws: RawClient.NotConnected.self) { try RawClient(path) }
        #expect(try await RawClient(other).ask("describe")?.result != nil)
        #expect(try await client.ask("describe")?.result != nil)
        _ = try folder.write(sources + "socket: {path: \(other), mode: \"0600\"}", to: "g.yaml")
        #expect(try await client.ask("reload")?.result?["changed"] as? [String] == ["socket: mode and group"])
        let mode = try FileManager.default.attributesOfItem(atPath: other)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try await stop(running) == .success)
        #expect(access(other, F_OK) != 0)
    }

    @Test func `a FIFO waits for one writer after another, and loses nothing that they write`() async throws {
        let fifo = folder.file("fifo")
        #expect(mkfifo(fifo, 0o600) == 0)
        let (_, running) = try start("sources: [{name: a, uri: 'pipe:\(fifo)'}]")
        let client = try await client()
        #expect(try await client.ask("subscribe", params: #"{"events":["estimate"]}"#)?.result != nil)
        for seconds in [5.0, 7.0] {
            let wav = try Data(
                contentsOf: URL(fileURLWithPath: folder.writeWAV(noise(seconds: seconds), to: "w.wav")))
            Thread { try? wav.write(to: URL(fileURLWithPath: fifo), options: []) }.start()
            var last = 0.0
            while let estimate = try await client.object()?.params {
                if estimate["state"] as? String == "no-signal", last > 0 { break }
                last = max(last, estimate["position"] as? Double ?? 0)
            }
            // To the end of the last whole frame.
            #expect(last > seconds - 0.1)
            #expect(last <= seconds)
        }
        #expect(try await stop(running) == .success)
    }

    @Test func `another daemon's socket is not touched`() async throws {
        let socket = try ControlSocket(path: path, mode: 0o600, group: nil)
        let music = try folder.writeWAV(noise(seconds: 5), to: "music.wav")
        let (_, running) = try start("sources: [{name: a, uri: 'file:\(music)'}]")
        let error = await #expect(throws: StartError.self) { try await running.value }
        #expect(error?.status == .socketInUse)
        #expect(UnixSocket.isAnswered(path, ifForbidden: false))
        socket.remove()
        close(socket.descriptor)
    }
}
