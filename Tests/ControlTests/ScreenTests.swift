// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import Glibc
import Testing

/// Tests of the live view on pseudo terminals, over a real socket.
@Suite(.serialized)
struct ScreenTests {
    private static let enter = "\u{1B}[?1049h"
    private static let leave = "\u{1B}[?25h\u{1B}[?1049l"

    private func daemon(sources: Int = 1, path: String? = nil) throws -> FakeDaemon {
        var behaviour = FakeDaemon.Behaviour()
        behaviour.sources = Programme.sources(sources)
        return try FakeDaemon(behaviour, path: path)
    }

    @Test
    func `watch takes over the screen, shows the bars, and restores the screen on q`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let screen = try Screen(["watch", "--socket", daemon.path])
        #expect(screen.shows("classical"))
        #expect(screen.text.contains(Self.enter))
        #expect(!screen.isCooked)
        screen.type("q")
        #expect(screen.ending() == 0)
        #expect(screen.text.hasSuffix(Self.leave))
        #expect(screen.isCooked)
    }

    @Test(arguments: [(SIGINT, 0), (SIGTERM, -SIGTERM), (SIGHUP, -SIGHUP)] as [(Int32, Int32)])
    func `on a signal watch restores the screen before it ends`(signal: Int32, status: Int32) throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let screen = try Screen(["watch", "--socket", daemon.path])
        #expect(screen.shows("classical"))
        kill(screen.process.processIdentifier, signal)
        #expect(screen.ending() == status)
        #expect(screen.text.hasSuffix(Self.leave))
        #expect(screen.isCooked)
    }

    @Test
    func `watch restores the screen when it is stopped, and takes it over again when it continues`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let screen = try Screen(["watch", "--socket", daemon.path])
        #expect(screen.shows("classical"))
        screen.forget()
        kill(screen.process.processIdentifier, SIGTSTP)
        #expect(screen.wait { $0.text.contains(Self.leave) && $0.isCooked })
        screen.forget()
        // It stops itself right after that; the signal to continue must come later.
        usleep(200_000)
        kill(screen.process.processIdentifier, SIGCONT)
        #expect(screen.shows(Self.enter))
        #expect(screen.shows("classical"))
        screen.type("q")
        #expect(screen.ending() == 0)
    }

    @Test
    func `watch redraws at once for a new size`() throws {
        let daemon = try daemon(sources: 5)
        defer { daemon.stop() }
        let screen = try Screen(["watch", "--socket", daemon.path], columns: 100, rows: 30)
        #expect(screen.shows("classical"))
        for (columns, rows) in [(40, 10), (200, 60), (1, 1), (20, 3), (80, 24)] as [(UInt16, UInt16)] {
            screen.forget()
            screen.resize(columns: columns, rows: rows)
            #expect(screen.shows("\u{1B}[2J"))
        }
        #expect(screen.shows("quit"))
        screen.type("q")
        #expect(screen.ending() == 0)
    }

    @Test
    func `watch shows that the daemon stopped, and reconnects`() throws {
        let first = try daemon()
        let screen = try Screen(["watch", "--socket", first.path])
        #expect(screen.shows("classical"))
        first.stop()
        #expect(screen.shows("no connection"))
        screen.forget()
        let second = try daemon(sources: 2, path: first.path)
        defer { second.stop() }
        #expect(screen.shows("2 sources"))
        screen.type("q")
        #expect(screen.ending() == 0)
    }

    @Test
    func `watch ends when its terminal is closed`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let screen = try Screen(["watch", "--socket", daemon.path])
        #expect(screen.shows("classical"))
        screen.hangUp()
        #expect(screen.ending() == 0)
    }

    @Test
    func `watch ends after --seconds`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let screen = try Screen(["watch", "--seconds", "0.5", "--socket", daemon.path])
        #expect(screen.ending() == 0)
        #expect(screen.text.hasSuffix(Self.leave))
    }

    @Test
    func `without a daemon watch does not take over the screen`() throws {
        let screen = try Screen(["watch", "--socket", "/nonexistent/genred.sock"])
        #expect(screen.ending() == 3)
        #expect(!screen.text.contains(Self.enter))
        #expect(screen.text.contains("genred is not running"))
    }

    @Test
    func `NO_COLOR and an ASCII locale are respected`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let screen = try Screen(
            ["watch", "--seconds", "0.5", "--socket", daemon.path],
            environment: ["NO_COLOR": "1", "LANG": "C"])
        #expect(screen.ending() == 0)
        #expect(screen.received.allSatisfy { $0 < 0x80 })
        #expect(!screen.text.contains("38;5;"))
    }

    @Test
    func `current uses colours on a terminal`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let screen = try Screen(["current", "--socket", daemon.path])
        #expect(screen.ending() == 0)
        #expect(screen.text.contains("\u{1B}[1m") && screen.text.contains("38;5;"))
    }
}
