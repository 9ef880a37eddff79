// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import genred

struct ServiceEnvironmentTests {
    private func read(_ variables: [String: String]) throws -> ServiceEnvironment {
        try ServiceEnvironment({ variables[$0] }, pid: 42)
    }

    @Test func `variables for this process are read`() throws {
        let environment = try read([
            "NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42",
            "LISTEN_FDS": "1", "LISTEN_PID": "42", "LISTEN_FDNAMES": "genred.socket",
        ])
        #expect(environment.notifySocket == "/run/systemd/notify")
        #expect(environment.watchdogInterval == 30)
        #expect(environment.descriptors == 3..<4)
        #expect(try read([:]) == .none)
        #expect(try read(["WATCHDOG_USEC": "1500000"]).watchdogInterval == 1.5)
    }

    @Test func `variables for another process are ignored`() throws {
        let environment = try read([
            "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "41", "LISTEN_FDS": "1", "LISTEN_PID": "41",
        ])
        #expect(environment == .none)
    }

    @Test(arguments: ["", "x", "-1", "1e9", "99999999999999999999", "3 "])
    func `an impossible number is refused`(text: String) {
        #expect(throws: StartError.self) { try read(["LISTEN_FDS": text, "LISTEN_PID": "42"]) }
        guard text != "1e9" else { return }
        #expect(throws: StartError.self) { try read(["WATCHDOG_USEC": text == "3 " ? "0" : text + "?"]) }
    }
}

/// Tests of control sockets that a service manager passes.
struct PassedSocketTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("s") }

    init() throws { folder = try TemporaryFolder() }

    private func listening(_ kind: __socket_type = SOCK_STREAM, listens: Bool = true) -> Int32 {
        let descriptor = UnixSocket.open(kind)
        #expect(UnixSocket.withAddress(path) { bind(descriptor, $0, $1) } == 0)
        if listens { #expect(listen(descriptor, 8) == 0) }
        return descriptor
    }

    @Test func `a passed socket is used unchanged and not removed`() throws {
        let descriptor = listening()
        defer { close(descriptor) }
        #expect(chmod(path, 0o666) == 0)
        let socket = try ControlSocket(passed: descriptor)
        #expect(socket.path == path)
        #expect(socket.contradictions(to: SocketSettings()) == [])
        #expect(socket.contradictions(to: SocketSettings(path: path, mode: 0o666)) == [])
        #expect(
            socket.contradictions(to: SocketSettings(path: "/x", mode: 0o600, group: "no such group"))
                == ["path /x", "mode 0600", "group no such group"])
        socket.remove()
        #expect(UnixSocket.isAnswered(path, ifForbidden: false))
    }

    @Test func `waiting clients are told why genred cannot start, and are disconnected`() throws {
        let descriptor = listening()
        defer { close(descriptor) }
        let clients = (0..<3).map { _ in UnixSocket.open(SOCK_STREAM) }
        defer { for client in clients { close(client) } }
        for client in clients {
            #expect(UnixSocket.withAddress(path) { connect(client, $0, $1) } == 0)
            #expect(write(client, "?\n", 2) == 2)
        }
        WaitingClients.refuse(on: descriptor..<descriptor + 1, StartError(.configuration, "genred.yaml:7:1: no"))
        for client in clients {
            var buffer = [UInt8](repeating: 0, count: 1000)
            let count = read(client, &buffer, buffer.count)
            let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
            #expect(text.contains("genred.yaml:7:1: no") && text.contains("-32003") && text.hasSuffix("\n"))
            #expect(read(client, &buffer, 1) == 0)
        }
        // No client is left to be served.
        #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
        #expect(accept(descriptor, nil, nil) == -1 && errno == EAGAIN)
    }

    @Test func `any other descriptor is refused, and the error explains what the unit needs`() throws {
        let file = open("/dev/null", O_RDONLY)
        let datagram = listening(SOCK_DGRAM, listens: false)
        unlink(path)
        let silent = listening(listens: false)
        let network = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(listen(network, 1) == 0)
        defer { for descriptor in [file, datagram, silent, network] { close(descriptor) } }
        for descriptor in [file, datagram, silent, network, 9999] {
            let error = #expect(throws: SocketError.self) { try ControlSocket(passed: descriptor) }
            #expect(error?.code == .badDescriptor)
            #expect(error?.message.contains("ListenStream=") == true)
        }
    }
}

/// Tests of genred as a service manager runs it: a process of its own, with real sockets and signals.
struct ServiceManagerTests {
    private let folder: TemporaryFolder
    private let source: String

    init() throws {
        folder = try TemporaryFolder()
        let music = try folder.writeWAV(noise(seconds: 20), to: "music.wav")
        source = "--source 'a=file:\(music)?loop=true'"
    }

    @Test func `the service manager is notified of start, status, reload and stop`() async throws {
        let daemon = try DaemonProcess(folder, "--socket s \(source)")
        #expect(await daemon.notifications.receives("READY=1\nSTATUS=a: starting"))
        let client = try RawClient(folder.file("s"))
        #expect(try await client.ask("reload")?.result != nil)
        #expect(await daemon.notifications.receives("RELOADING=1\nMONOTONIC_USEC="))
        #expect(await daemon.notifications.receives("STATUS=a: noise ("))
        #expect(await daemon.stop() == 0)
        #expect(await daemon.notifications.receives("STOPPING=1"))
        let kinds = daemon.notifications.messages.map { $0.prefix { $0 != "=" } }.filter { $0 != "STATUS" }
        #expect(kinds == ["READY", "RELOADING", "READY", "STOPPING"])
    }

    @Test func `a client that connects to a passed socket before the daemon runs is served`() async throws {
        let path = folder.file("passed")
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        #expect(UnixSocket.withAddress(path) { bind(descriptor, $0, $1) } == 0)
        #expect(listen(descriptor, 64) == 0)
        let arguments = "--socket elsewhere --log-level debug \(source)"
        let first = try DaemonProcess(folder, arguments, listening: descriptor)
        let early = try RawClient(path)
        #expect(try await early.ask("describe")?.result != nil)
        #expect(first.log.contains("passed by the service manager"))
        #expect(first.log.contains("socket path \(folder.file("elsewhere")) is ignored"))
        #expect(first.log.contains("process \(getpid()), user \(getuid()), group \(getgid())"))
        #expect(access(folder.file("elsewhere"), F_OK) != 0)
        let status = await first.stop()
        #expect(status == 0, "\(first.log)")
        #expect(access(path, F_OK) == 0)
        let waiting = try RawClient(path)
        await waiting.send(line: #"{"jsonrpc":"2.0","id":7,"method":"describe"}"#)
        let second = try DaemonProcess(folder, arguments, listening: descriptor)
        #expect(try await waiting.object()?["id"] as? Int == 7)
        #expect(await second.stop() == 0)
    }

    @Test func `clients do not notice restarts behind a passed socket`() async throws {
        let path = folder.file("passed")
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        #expect(UnixSocket.withAddress(path) { bind(descriptor, $0, $1) } == 0)
        #expect(listen(descriptor, 64) == 0)
        let isOver = Flag()
        let tally = Mutex((asked: 0, failures: [String]()))
        let done = Flag()
        Thread {
            while !isOver.isRaised {
                do throws(ControlError) {
                    // As genrectl does: describe first, then the request itself.
                    _ = try ControlClient(path: path).current()
                    tally.withLock { $0.asked += 1 }
                } catch {
                    tally.withLock { $0.failures.append(error.description) }
                }
            }
            done.raise()
        }.start()
        for _ in 0..<6 {
            let daemon = try DaemonProcess(folder, source, listening: descriptor)
            #expect(await daemon.notifications.receives("READY=1"))
            try await Task.sleep(for: .milliseconds(50))
            #expect(await daemon.stop() == 0)
        }
        let last = try DaemonProcess(folder, source, listening: descriptor)
        #expect(await last.notifications.receives("READY=1"))
        isOver.raise()
        #expect(await eventually { done.isRaised })
        let (asked, failures) = tally.withLock { $0 }
        #expect(asked > 20)
        #expect(failures == [])
    }

    @Test func `a passed descriptor that is not a listening socket is a configuration error`() async throws {
        let null = open("/dev/null", O_RDONLY)
        defer { close(null) }
        let daemon = try DaemonProcess(folder, source, listening: null)
        #expect(await eventually { !daemon.process.isRunning })
        #expect(daemon.process.status == genred.ExitStatus.configuration.rawValue)
        #expect(daemon.log.contains("its socket unit must have ListenStream="))
        #expect(daemon.notifications.take() == [])
    }

    @Test func `the watchdog is fed in normal operation, and starves while an analysis hangs`() async throws {
        let daemon = try DaemonProcess(folder, "--socket s \(source)", watchdog: 0.9)
        defer { daemon.process.end() }
        #expect(await daemon.notifications.receives("READY=1"))
        #expect(
            await eventually {
                daemon.notifications.take()
                return daemon.notifications.messages.filter { $0 == "WATCHDOG=1" }.count > 4
            })
        let frozen = try await daemon.freeze("analysis 0")
        #expect(await eventually { daemon.log.contains(#"error a: the analysis hangs: audio waits, and thread "an"#) })
        daemon.notifications.take()
        // Far longer than the service manager would wait.
        try await Task.sleep(for: .seconds(1.5))
        #expect(!daemon.notifications.take().contains("WATCHDOG=1"))
        let client = try RawClient(folder.file("s"))
        #expect(try await client.ask("current")?.result != nil, "the rest of the daemon still works")
        frozen.end()
        #expect(await eventually { daemon.notifications.take().contains("WATCHDOG=1") })
        #expect(await eventually { daemon.log.contains("notice a: the analysis continues") })
        // systemd sends SIGABRT in the end, and that must work at once.
        let again = try await daemon.freeze("analysis 0")
        daemon.process.signal(SIGABRT)
        #expect(await eventually(within: 5) { !daemon.process.isRunning })
        #expect(daemon.process.status == 128 + SIGABRT)
        again.end()
    }

    @Test func `the watchdog starves while the hub hangs`() async throws {
        let daemon = try DaemonProcess(folder, "--socket s \(source)", watchdog: 0.3)
        #expect(await daemon.notifications.receives("WATCHDOG=1"))
        let name = try #require(daemon.threads.first { $0.hasPrefix("NIO-ELT") })
        let frozen = try await daemon.freeze(name)
        daemon.notifications.take()
        try await Task.sleep(for: .milliseconds(600))
        #expect(!daemon.notifications.take().contains("WATCHDOG=1"))
        frozen.end()
        #expect(await eventually { daemon.notifications.take().contains("WATCHDOG=1") })
        #expect(await daemon.stop() == 0)
    }

    @Test func `the watchdog is fed while sources deliver nothing`() async throws {
        #expect(mkfifo(folder.file("fifo"), 0o600) == 0)
        let daemon = try DaemonProcess(
            folder, "--socket s --source f=pipe:fifo --source gone=alsa:hw:CARD=Nowhere", watchdog: 0.3)
        #expect(await daemon.notifications.receives("READY=1"))
        // A writer that writes nothing.
        let writer = open(folder.file("fifo"), O_RDWR)
        defer { close(writer) }
        try await Task.sleep(for: .seconds(1))
        let fed = daemon.notifications.take().filter { $0 == "WATCHDOG=1" }.count
        #expect(fed >= 4)
        #expect(!daemon.log.contains("hangs"))
        #expect(await daemon.stop() == 0)
    }
}
