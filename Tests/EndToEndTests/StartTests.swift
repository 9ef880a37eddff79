// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import Testing

extension EndToEndTests {
    /// Starting and stopping, many times, at bad moments and beside each other.
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

        /// How often: CYCLES in the environment, as `make test CYCLES=1000 FILTER=StartTests` sets it.
        static let cycles = ProcessInfo.processInfo.environment["CYCLES"].flatMap { Int($0) } ?? 100

        @Test func aThousandStartsAndStopsLeaveNothingBehind() async throws {
            let manager = try ServiceManagerSocket(folder.file("notify"))
            func leftovers() throws -> Set<String> {
                Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)).union(
                    try FileManager.default.contentsOfDirectory(atPath: "/dev/shm"))
            }
            let before = try leftovers().union(["radio"])
            for cycle in 0..<Self.cycles {
                let daemon = try daemon(["NOTIFY_SOCKET": manager.path])
                // Killed without a chance to clean up; stopped while it starts; stopped when it is ready.
                switch cycle % 10 {
                case 0:
                    #expect(manager.waitUntilReady(), "\(daemon.log)")
                    daemon.signal(SIGKILL)
                    _ = try await daemon.exit(within: 5)
                    continue
                case 1...4: usleep(.random(in: 0..<60_000))
                default: #expect(manager.waitUntilReady(), "\(daemon.log)")
                }
                daemon.signal(SIGTERM)
                let status = try await daemon.exit(within: 5)
                // Until it takes signals in, it ends by them, as any program does.
                let isEarly = daemon.process.terminationReason == .uncaughtSignal && status == SIGTERM
                #expect(status == 0 || isEarly, "cycle \(cycle): \(String(describing: status)): \(daemon.log)")
                // Who ended so early leaves what the killed one before it left.
                if !isEarly { #expect(try leftovers().isSubset(of: before), "cycle \(cycle)") }
                manager.forget()
            }
        }

        @Test func ofManyThatStartAtOnceOneServesAndTheOthersSayWhy() async throws {
            for _ in 0..<5 {
                let daemons = try (0..<6).map { _ in try daemon() }
                #expect(try await wait(10) { daemons.count { $0.process.isRunning } == 1 })
                for daemon in daemons where !daemon.process.isRunning {
                    #expect(daemon.process.terminationStatus == 75, "\(daemon.log)")
                    #expect(daemon.log.contains("another genred serves \(socket)"))
                }
                // The one that is left is the one that answers, undisturbed by others that come later.
                let winner = try #require(daemons.first { $0.process.isRunning })
                let client = try await winner.client()
                let late = try daemon()
                #expect(try await late.exit(within: 5) == 75)
                #expect(try client.status().pid == Int(winner.process.processIdentifier))
                #expect(try ControlClient(path: socket).status().pid == Int(winner.process.processIdentifier))
                winner.process.terminate()
                #expect(try await winner.exit(within: 5) == 0)
                #expect(!FileManager.default.fileExists(atPath: socket))
            }
        }

        @Test func aPlaceWhereNoSocketCanBeMadeIsSaidAtOnce() async throws {
            for (path, status) in [("/proc/genred.sock", 73), ("/sys/genred.sock", 73), ("/nowhere/at/all.sock", 73)] {
                let daemon = try RunningDaemon(sources: [("null", "alsa:null")], socket: path)
                #expect(try await daemon.exit(within: 5) == Int32(status), "\(daemon.log)")
                #expect(daemon.log.wholeMatch(of: /genred: cannot make [^\n]*\n/) != nil, "\(daemon.log)")
            }
        }

        @Test(.enabled(if: Programs.canMount)) func aReadOnlyFolderIsSaidAtOnce() throws {
            let said = try Programs.run(
                "/bin/sh",
                [
                    "-c",
                    "exec unshare --mount /bin/sh -c 'mount -t tmpfs -o ro none \"$1\" && exec \"$0\" --source null=alsa:null --socket \"$1\"/genred.sock' \"$0\" \"$1\"",
                    Programs.built("genred"), folder.path,
                ], status: 73)
            #expect(said.contains("Read-only file system; choose another place with --socket"), "\(said)")
        }

        @Test func withoutATimeZoneItRunsInUTC() async throws {
            let environment = ["TZ": "Nowhere/Nothing", "TZDIR": "/nonexistent", "LC_ALL": "xx_XX.none"]
            let daemon = try daemon(environment)
            let client = try await daemon.client()
            let genrectl = Programs.built("genrectl")
            for command in [["history", "--since", "2h"], ["current"], ["status"], ["sources"]] {
                let text = try Programs.run(
                    genrectl, ["--socket", socket] + command, environment: environment)
                #expect(!text.isEmpty)
            }
            #expect(try client.status().uptime < 60)
        }
    }

    /// What a service manager is to a daemon: the socket at which it says that it is ready.
    final class ServiceManagerSocket {
        let path: String
        private let descriptor: Int32

        init(_ path: String) throws {
            self.path = path
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard status == 0 else { throw Programs.Failure(description: "bind: \(String(cString: strerror(errno)))") }
        }

        deinit { close(descriptor) }

        func waitUntilReady(seconds: Int32 = 10) -> Bool {
            while let message = receive(milliseconds: seconds * 1000) {
                if message.split(separator: "\n").contains("READY=1") { return true }
            }
            return false
        }

        /// Takes what a daemon that is over has said.
        func forget() { while receive(milliseconds: 0) != nil {} }

        private func receive(milliseconds: Int32) -> String? {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, milliseconds) > 0 else { return nil }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
        }
    }
}
