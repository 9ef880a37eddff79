// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport

/// Runs genrectl on a pseudo terminal, and reads its output.
final class Screen {
    let process: Process
    private var master: Int32
    private var slave: Int32
    /// Everything that was sent to the terminal so far.
    private(set) var received: [UInt8] = []

    init(_ arguments: [String], columns: UInt16 = 80, rows: UInt16 = 24, environment: [String: String] = [:]) throws {
        var (master, slave): (Int32, Int32) = (-1, -1)
        guard openpty(&master, &slave, nil, nil, nil) == 0 else { throw POSIXError(.ENODEV) }
        (self.master, self.slave) = (master, slave)
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
        let terminal = FileHandle(fileDescriptor: slave)
        process = try Program.start(
            arguments, environment: environment, output: terminal, error: terminal, input: terminal)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        hangUp()
    }

    /// Closes the terminal.
    func hangUp() {
        if master >= 0 { close(master) }
        if slave >= 0 { close(slave) }
        (master, slave) = (-1, -1)
    }

    var text: String { String(decoding: received, as: UTF8.self) }

    /// Whether the terminal echoes keys and gathers them into lines.
    var isCooked: Bool {
        var settings = termios()
        tcgetattr(slave, &settings)
        return settings.c_lflag & tcflag_t(ECHO) != 0 && settings.c_lflag & tcflag_t(ICANON) != 0
    }

    func type(_ keys: String) { _ = Array(keys.utf8).withUnsafeBytes { write(master, $0.baseAddress, $0.count) } }

    func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
        // The kernel sends the signal only to foreground processes of a controlling terminal, which this is not.
        kill(process.processIdentifier, SIGWINCH)
    }

    func forget() { received = [] }

    /// Reads until `condition` is true; false if the time is up first.
    func wait(_ seconds: Double = 10, for condition: (Screen) -> Bool) -> Bool {
        blockUntil(within: seconds) {
            drain()
            return condition(self)
        }
    }

    func shows(_ text: String) -> Bool { wait { $0.text.contains(text) } }

    /// Reads to the end of the program, and returns its exit status: negative for a signal, nil if it does not end.
    func ending(within seconds: Double = 10) -> Int32? {
        guard wait(seconds, for: { !$0.process.isRunning }) else { return nil }
        drain()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    private func drain() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(master, &buffer, buffer.count), count > 0 { received += buffer.prefix(count) }
    }
}
