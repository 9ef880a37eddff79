// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// Starts and stops: many, at bad moments, and several at once.
    @Suite(.timeLimit(.minutes(10))) struct StartTests {
        let folder: TemporaryFolder
        var socket: String { folder.file("genred.sock") }

        init() throws { folder = try TemporaryFolder() }

        func daemon(_ environment: [String: String] = [:]) throws -> RunningDaemon {
            let fifo = folder.file("radio")
            mkfifo(fifo, 0o600)
            return try RunningDaemon(
                sources: [("radio", "pipe:\(fifo)"), ("null", "alsa:null")], environment: environment, socket: socket)
        }

        /// The number of starts, from CYCLES in the environment: `make test CYCLES=1000 FILTER=StartTests`.
        static let cycles = ProcessInfo.processInfo.environment["CYCLES"].flatMap { Int($0) } ?? 100

        @Test func `many starts and stops leave nothing behind`() async throws {
            let manager = try NotifySocket(folder.file("notify"))
            func leftovers() throws -> Set<String> {
                Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)).union(
                    try FileManager.default.contentsOfDirectory(atPath: "/dev/shm"))
            }
            let before = try leftovers().union(["radio"])
            for cycle in 0..<Self.cycles {
                manager.forget()
                let daemon = try daemon(["NOTIFY_SOCKET": manager.path])
                // Either killed without a chance to clean up, or stopped while it starts, or stopped when it is ready.
                switch cycle % 10 {
                case 0:
                    #expect(await manager.receives("READY=1", within: 10), "\(daemon.log)")
                    daemon.signal(SIGKILL)
                    _ = await daemon.exit(within: 5)
                    continue
                case 1...4: usleep(.random(in: 0..<60_000))
                default: #expect(await manager.receives("READY=1", within: 10), "\(daemon.log)")
                }
                daemon.signal(SIGTERM)
                let status = await daemon.exit(within: 5)
                // Before it handles signals, they end it, as any program.
                let isEarly = daemon.process.terminationReason == .uncaughtSignal && status == SIGTERM
                #expect(status == 0 || isEarly, "cycle \(cycle): \(String(describing: status)): \(daemon.log)")
                // A daemon that ends so early leaves behind whatever the killed one before it left.
                if !isEarly { #expect(try leftovers().isSubset(of: before), "cycle \(cycle)") }
            }
        }

        @Test func `of several that start at once, one serves and the others exit with a reason`() async throws {
            for _ in 0..<5 {
                let daemons = try (0..<6).map { _ in try daemon() }
                #expect(await eventually(within: 10) { daemons.count { $0.process.isRunning } == 1 })
                for daemon in daemons where !daemon.process.isRunning {
                    #expect(daemon.process.terminationStatus == 75, "\(daemon.log)")
                    #expect(daemon.log.contains("another genred serves \(socket)"))
                }
                // The one that keeps running answers, undisturbed by others that start later.
                let winner = try #require(daemons.first { $0.process.isRunning })
                let client = try await winner.client()
                let late = try daemon()
                #expect(await late.exit(within: 5) == 75)
                #expect(try client.status().pid == Int(winner.process.processIdentifier))
                #expect(try ControlClient(path: socket).status().pid == Int(winner.process.processIdentifier))
                winner.process.terminate()
                #expect(await winner.exit(within: 5) == 0)
                #expect(!FileManager.default.fileExists(atPath: socket))
            }
        }

        @Test func `a path where no socket can be made is reported at once`() async throws {
            for (path, status) in [("/proc/genred.sock", 73), ("/sys/genred.sock", 73), ("/nowhere/at/all.sock", 73)] {
                let daemon = try RunningDaemon(sources: [("null", "alsa:null")], socket: path)
                #expect(await daemon.exit(within: 5) == Int32(status), "\(daemon.log)")
                #expect(daemon.log.wholeMatch(of: /genred: cannot create [^\n]*\n/) != nil, "\(daemon.log)")
            }
        }

        @Test(.enabled(if: Programs.canMount)) func `a read-only folder is reported at once`() throws {
            let message = try Programs.run(
                "/bin/sh",
                [
                    "-c",
                    "exec unshare --mount /bin/sh -c 'mount -t tmpfs -o ro none \"$1\" && exec \"$0\" --source null=alsa:null --socket \"$1\"/genred.sock' \"$0\" \"$1\"",
                    Programs.built("genred"), folder.path,
                ], status: 73)
            #expect(message.contains("Read-only file system; choose another path with --socket"), "\(message)")
        }

        @Test func `it runs in UTC without a time zone`() async throws {
            let environment = ["TZ": "Nowhere/Nothing", "TZDIR": "/nonexistent", "LC_ALL": "xx_XX.none"]
            let daemon = try daemon(environment)
            let client = try await daemon.client()
            let genrectl = Programs.built("genrectl")
            for command in [["history", "--since", "2h"], ["current"], ["status"], ["sources"]] {
                let text = try Programs.run(
                    genrectl, ["--socket", socket] + command, environment: environment)
                #expect(!text.isEmpty)
            }
            let started = try client.status().started.prefix(19).replacing("T", with: " ")
            let status = try Programs.run(genrectl, ["--socket", socket, "status"], environment: environment)
            #expect(status.contains(started), "\(status)")
            #expect(try client.status().uptime < 60)
        }
    }
}
