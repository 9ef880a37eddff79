// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CSpawn
import Glibc

/// A command that runs, in a process group of its own. It belongs to one thread.
final class HookProcess {
    /// Readable when the process is over.
    let end: Int32
    /// What it prints; -1 once that is closed.
    private(set) var output: Int32
    /// When it is killed; never a second time.
    private(set) var deadline: Double
    private(set) var printed = HookOutput()

    private let pid: pid_t
    private let program: HookProgram
    private var isKilled = false

    /// Starts a command with an event on its standard input.
    init(_ program: HookProgram, _ delivery: HookDelivery, at now: Double) throws(HookStartError) {
        self.program = program
        deadline = now + program.timeout
        let input = try Self.input(delivery.body + "\n")
        defer { close(input) }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw HookStartError("pipe", errno) }
        defer { close(ends[1]) }
        // Only this end: a program does not expect an output that is not ready.
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        output = ends[0]
        var started: pid_t = 0
        // A group of its own, to be killed as a whole.
        let error = spawnProgram(
            program.arguments, environment: Self.environment(delivery),
            input: input, output: ends[1], errors: ends[1], process: &started)
        guard error == 0 else {
            close(ends[0])
            throw HookStartError("posix_spawn", error)
        }
        pid = started
        end = pidfd_open(pid, 0)
        guard end >= 0 else {
            let error = HookStartError("pidfd_open", errno)
            Glibc.kill(-pid, SIGKILL)
            waitpid(pid, nil, 0)
            // deinit closes the output, because every property is set by now.
            throw error
        }
    }

    deinit {
        for descriptor in [output, end] where descriptor >= 0 { close(descriptor) }
    }

    /// A file in memory: the program reads it whenever it likes, or not at all, and nobody waits.
    private static func input(_ text: String) throws(HookStartError) -> Int32 {
        let file = memfd_create("event", 0)
        guard file >= 0 else { throw HookStartError("memfd_create", errno) }
        guard writeAll(text.utf8, to: file), lseek(file, 0, SEEK_SET) == 0 else {
            let error = HookStartError("write", errno)
            close(file)
            throw error
        }
        return file
    }

    /// Little of this program's environment: that can hold secrets.
    private static func environment(_ delivery: HookDelivery) -> [String] {
        let passed = ["HOME", "LANG", "TZ", "USER", "XDG_RUNTIME_DIR"].compactMap { (name: String) in
            getenv(name).map { "\(name)=\(String(cString: $0))" }
        }
        return passed + [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "GENRED_RULE=\(delivery.rule)", "GENRED_FIRED=\(delivery.kind.rawValue)",
            "GENRED_SOURCE=\(clean(delivery.source))", "GENRED_LABEL=\(clean(delivery.label))",
        ]
    }

    /// Without the bytes that would end a variable.
    private static func clean(_ text: String) -> String { printable(text) }

    // MARK: While it runs

    /// Reads what it has printed.
    func readOutput() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        // A program that prints faster than this is waited for, not this thread.
        for _ in 0..<16 where output >= 0 {
            let count = read(output, &buffer, buffer.count)
            if count > 0 {
                printed.add(buffer[..<count])
            } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
                close(output)
                output = -1
            } else if errno == EAGAIN {
                return
            }
        }
    }

    /// Kills it and whatever it has started in its group. It is over soon after.
    func kill() {
        // Until it is reaped, no other process or group can have its number.
        Glibc.kill(-pid, SIGKILL)
        isKilled = true
        deadline = .infinity
    }

    /// Returns how it went, if it is over. What it leaves behind in its group is killed.
    func reap() -> HookOutcome? {
        var information = siginfo_t()
        guard waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0, isOver(information) else {
            return nil
        }
        Glibc.kill(-pid, SIGKILL)
        readOutput()
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        let name = printable(program.arguments[0])
        if isKilled {
            return .failed("\(name) did not end within \(DurationText.text(program.timeout)), and was killed")
        }
        if status & 0x7F != 0 { return .failed("\(name) was ended by signal \(status & 0x7F)") }
        let code = (status >> 8) & 0xFF
        return code == 0 ? .done : .failed("\(name) exited with status \(code)")
    }

    private func isOver(_ information: siginfo_t) -> Bool {
        // Without a process that is over, waitid leaves everything zero.
        information.si_signo != 0
    }
}

/// The beginning of what a command printed.
struct HookOutput: Sendable, Equatable {
    static let mostLines = 10
    static let mostBytes = 2000

    private(set) var bytes: [UInt8] = []
    private(set) var count = 0

    mutating func add(_ more: ArraySlice<UInt8>) {
        count += more.count
        bytes += more.prefix(Self.mostBytes - bytes.count)
    }

    /// For the log.
    var lines: [String] {
        let text = bytes.split(whereSeparator: { $0 == 10 || $0 == 13 }).prefix(Self.mostLines)
        var lines = text.map { printable(String(decoding: $0, as: UTF8.self)) }
        let shown = text.last.map { $0.endIndex } ?? bytes.count
        let rest = count - bytes.count + bytes[shown...].count { $0 != 10 && $0 != 13 }
        if rest > 0 { lines.append("… and \(rest) more bytes") }
        return lines
    }
}

/// The reason why a command could not be started.
struct HookStartError: Error {
    var message: String
    /// Whether the system is only short of something now.
    var isTemporary: Bool

    init(_ call: String, _ code: Int32) {
        message = "\(systemMessage(code)) (\(call), error \(code))"
        isTemporary = [EAGAIN, ENOMEM, EMFILE, ENFILE, EINTR].contains(code)
    }
}
