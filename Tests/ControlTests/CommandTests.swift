// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import Glibc
import Testing

@Suite(.serialized)
struct CommandTests {
    private func daemon(sources: Int = 2, _ change: (inout FakeDaemon.Behaviour) -> Void = { _ in }) throws
        -> FakeDaemon
    {
        var behaviour = FakeDaemon.Behaviour()
        behaviour.sources = Programme.sources(sources)
        change(&behaviour)
        return try FakeDaemon(behaviour)
    }

    private func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test
    func `current prints one line per source, in the order of the daemon`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let ending = try Program.run("current", "--socket", daemon.path)
        #expect(ending.status == 0)
        #expect(ending.lines.map { $0.prefix { $0 != " " } } == ["radio", "kitchen"])
        #expect(!ending.output.contains("\u{1B}"))
        #expect(try Program.run("--socket", daemon.path, "current", "kitchen").lines.count == 1)
    }

    @Test
    func `--json prints the objects from the socket, before or after the command`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        for arguments in [["--json", "current"], ["current", "--json"]] {
            let ending = try Program.run(arguments[0], arguments[1], "--socket", daemon.path)
            #expect(ending.lines.count == 2)
            for line in ending.lines {
                let estimate = try object(line)
                #expect(
                    Set(estimate.keys) == [
                        "source", "time", "position", "state", "genre", "label", "confidence", "alternatives",
                        "probabilities", "since", "level", "windowProbabilities", "title",
                    ])
            }
        }
        #expect(try object(Program.run("status", "--json", "--socket", daemon.path).output)["pid"] is Int)
        #expect(try object(Program.run("describe", "--json", "--socket", daemon.path).output)["methods"] is [String])
        #expect(try object(Program.run("reload", "--json", "--socket", daemon.path).output)["changed"] is [String])
        #expect(try Program.run("sources", "--json", "--socket", daemon.path).lines.count == 2)
        let history = try Program.run("history", "radio", "--limit", "3", "--json", "--socket", daemon.path)
        #expect(history.lines.count == 4)
        #expect(try object(history.lines[0])["source"] as? String == "radio")
        let summary = try object(history.lines[3])
        #expect(Set(summary.keys) == ["totals", "since", "more"])
        #expect((summary["totals"] as? [[String: Any]])?.first?["seconds"] is Double)
        let totals = try Program.run("history", "--source", "kitchen", "--totals", "--json", "--socket", daemon.path)
        #expect(totals.lines.count == 1)
    }

    @Test
    func `the tables show what the daemon reports`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let status = try Program.run("status", "--socket", daemon.path).output
        #expect(status.contains("/etc/genred/genred.yaml") && status.contains("412 345 parameters"))
        #expect(try Program.run("describe", "--socket", daemon.path).output.contains("blues, classical"))
        #expect(try Program.run("sources", "--socket", daemon.path).output.contains("S16 48000 Hz 2 channels"))
        #expect(try Program.run("reload", "--socket", daemon.path).output == "source tv was added\n")
        let history = try Program.run("history", "--since", "10min", "--socket", daemon.path)
        #expect(history.status == 0 && history.output.contains(" %  █"))
    }

    @Test
    func `the socket is found in the environment, and --socket takes precedence`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        #expect(try Program.run("current", environment: ["GENRED_SOCKET": daemon.path]).status == 0)
        let other = ["GENRED_SOCKET": "/nonexistent"]
        #expect(try Program.run("current", "--socket", daemon.path, environment: other).status == 0)
        #expect(try Program.run("current", environment: other).status == 3)
    }

    @Test
    func `without a daemon the exit code is 3, and one line on standard error says how to start it`() throws {
        for command in ["current", "watch", "history", "sources", "status", "describe", "reload"] {
            let ending = try Program.run(command, "--socket", "/nonexistent/genred.sock")
            #expect(ending.status == 3)
            #expect(ending.output.isEmpty)
            #expect(ending.error.hasPrefix("genrectl: genred is not running"))
            #expect(ending.error.filter { $0 == "\n" }.count == 1)
        }
    }

    @Test
    func `for an unknown source the exit code is 1, and the error lists the sources`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        for command in ["current", "watch", "history", "sources"] {
            let ending = try Program.run(command, "attic", "--socket", daemon.path)
            #expect(ending.status == 1)
            #expect(ending.error == "genrectl: no source \"attic\"; the sources are \"radio\", \"kitchen\"\n")
        }
    }

    @Test
    func `for a refused reload the exit code is 1, and the error is the daemon's`() throws {
        let daemon = try daemon { $0.reloadError = "genred.yaml:3: unknown key \"soruces\"" }
        defer { daemon.stop() }
        let ending = try Program.run("reload", "--socket", daemon.path)
        #expect(ending.status == 1)
        #expect(ending.error == "genrectl: genred.yaml:3: unknown key \"soruces\"\n")
    }

    /// Whether genrectl can run as a user without permissions. In a build folder that is closed to other users root cannot
    /// arrange that.
    private static let canRunUnprivileged =
        (try? Program.startUnprivileged(["--version"], error: FileHandle.nullDevice)).map {
            $0.waitUntilExit()
            return $0.terminationStatus == 0
        } ?? false

    @Test(.enabled(if: canRunUnprivileged))
    func `without permission the exit code is 4, and the error says who has it`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        chmod(daemon.path, geteuid() == 0 ? 0o660 : 0)
        let error = Pipe()
        let process = try Program.startUnprivileged(["current", "--socket", daemon.path], error: error)
        let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 4)
        #expect(text.hasPrefix("genrectl: permission denied: \(daemon.path) belongs to "))
    }

    @Test(arguments: [
        ["curent"], ["current", "--sockt", "x"], ["history", "--since", "tomorrowish"],
        ["history", "--limit", "0"], ["history", "radio", "--source", "tv"],
        ["watch", "--seconds", "-1"], ["status", "radio"],
    ])
    func `for a wrong command line the exit code is 64`(arguments: [String]) throws {
        let (output, error) = (Pipe(), Pipe())
        let process = try Program.start(arguments, output: output, error: error)
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
    }

    @Test
    func `every command has its own help, and the main help lists the exit codes`() throws {
        let help = try Program.run("--help")
        #expect(help.status == 0 && help.output.contains("EXIT CODES"))
        #expect(try Program.run("--version").output == "\(genredVersion)\n")
        for command in ["current", "watch", "history", "sources", "status", "describe", "reload"] {
            #expect(help.output.contains(command))
            #expect(try Program.run(command, "--help").output.contains("USAGE: genrectl \(command)"))
        }
    }

    @Test
    func `without a terminal, watch prints lines of JSON with the kind in each`() throws {
        let daemon = try daemon { $0.pace = 50 }
        defer { daemon.stop() }
        let ending = try Program.run("watch", "--seconds", "1", "--socket", daemon.path)
        #expect(ending.status == 0)
        let events = try ending.lines.map { try object($0)["event"] as? String }
        #expect(events.contains("estimate") && events.contains("change"))
        #expect(try ending.lines.allSatisfy { try object($0)["source"] is String })
    }

    @Test
    func `watch begins with the current estimate of each source, without waiting for the next`() throws {
        let daemon = try daemon {
            $0.interval = 3600
            $0.sources = Programme.sources(3)
        }
        defer { daemon.stop() }
        let ending = try Program.run("watch", "--seconds", "0.2", "--socket", daemon.path)
        #expect(ending.status == 0)
        #expect(try ending.lines.map { try object($0)["event"] as? String } == ["estimate", "estimate", "estimate"])
    }

    @Test
    func `watch ends with exit code 5 when the daemon stops, and with 0 on Ctrl-C`() throws {
        for isInterrupted in [false, true] {
            let daemon = try daemon()
            let output = Pipe()
            let process = try Program.start(
                ["watch", "--json", "--socket", daemon.path], output: output, error: FileHandle.nullDevice)
            // After the first line it is subscribed.
            #expect(!output.fileHandleForReading.availableData.isEmpty)
            if isInterrupted { kill(process.processIdentifier, SIGINT) } else { daemon.stop() }
            _ = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit)
            #expect(process.terminationStatus == (isInterrupted ? 0 : 5))
            if isInterrupted { daemon.stop() }
        }
    }

    @Test
    func `watch ends when its reader closes the pipe`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let output = Pipe()
        let process = try Program.start(
            ["watch", "--json", "--socket", daemon.path, "--seconds", "20"], output: output,
            error: FileHandle.nullDevice)
        #expect(!output.fileHandleForReading.availableData.isEmpty)
        try output.fileHandleForReading.close()
        let duration = ContinuousClock().measure { process.waitUntilExit() }
        #expect(duration < .seconds(10))
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGPIPE)
    }
}
