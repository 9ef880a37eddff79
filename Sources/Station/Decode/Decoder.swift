// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CSpawn
import Glibc

/// An ffmpeg that runs. It belongs to one thread, the one that lives as long as the program: ffmpeg can be told to die
/// with its parent's thread.
final class Decoder {
    /// -1 once it is closed.
    private(set) var input: Int32
    private(set) var output: Int32
    private(set) var errors: Int32
    /// What ffmpeg has not taken yet.
    private(set) var pending: [UInt8] = []
    /// The bytes of audio that it gave.
    private(set) var total = 0

    private let pid: pid_t
    private var complaints = DecoderComplaints()
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)

    /// - Parameters:
    ///   - isOnline: whether it connects to the station itself, for which it needs the network.
    ///   - secrets: what must not be in a message.
    init(_ arguments: [String], isOnline: Bool = false, secrets: [String] = []) throws(StationFailure) {
        var ends: [Int32] = [-1, -1, -1, -1, -1, -1]
        func closeAll() { for end in ends where end >= 0 { close(end) } }
        for index in 0..<3 {
            let result = ends.withUnsafeMutableBufferPointer { pipe2($0.baseAddress! + 2 * index, O_CLOEXEC) }
            guard result == 0 else {
                let error = StationFailure("cannot start ffmpeg: \(systemMessage(errno)) (pipe2, error \(errno))")
                closeAll()
                throw error
            }
        }
        // Only these ends: a program does not expect streams that are not ready.
        for end in [ends[1], ends[2], ends[4]] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        let process: pid_t
        do throws(StationFailure) {
            process = try DecoderStart.start(
                arguments, isOnline: isOnline, input: ends[0], output: ends[3], errors: ends[5])
        } catch {
            closeAll()
            throw error
        }
        for end in [ends[0], ends[3], ends[5]] { close(end) }
        (input, output, errors, pid) = (ends[1], ends[2], ends[4], process)
        complaints.secrets = secrets
    }

    deinit {
        for descriptor in [input, output, errors] where descriptor >= 0 { close(descriptor) }
        // Until it is reaped, no other process or group can have its number.
        kill(-pid, SIGKILL)
        while waitpid(pid, nil, 0) < 0, errno == EINTR {}
    }

    /// Gives it more to decode. The caller waits until nothing is pending before it gives more.
    func write(_ bytes: [UInt8]) {
        pending += bytes
        flush()
    }

    /// Gives it what is pending, as far as it takes that.
    func flush() {
        var given = 0
        while input >= 0, given < pending.count {
            let count = pending.withUnsafeBytes { Glibc.write(input, $0.baseAddress! + given, $0.count - given) }
            if count > 0 {
                given += count
            } else if count == 0 || errno == EAGAIN {
                break
            } else if errno != EINTR {
                closeInput()
                given = pending.count
            }
        }
        pending.removeFirst(given)
    }

    /// Tells it that no more comes.
    func closeInput() {
        if input >= 0 { close(input) }
        input = -1
    }

    /// Returns audio that it has decoded; nil if there is none now.
    func read() -> ArraySlice<UInt8>? {
        guard output >= 0 else { return nil }
        while true {
            let count = Glibc.read(output, &buffer, buffer.count)
            if count > 0 {
                total += count
                return buffer[..<count]
            }
            if count < 0, errno == EINTR { continue }
            if count == 0 || errno != EAGAIN {
                close(output)
                output = -1
            }
            return nil
        }
    }

    /// Whether it has given all that it had.
    var isOver: Bool { output < 0 }

    /// Reads what it says. It never waits for a reader.
    func readErrors() {
        guard errors >= 0 else { return }
        var lines = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<16 {
            let count = Glibc.read(errors, &lines, lines.count)
            if count > 0 {
                complaints.add(lines[..<count])
            } else if count < 0, errno == EINTR {
                continue
            } else {
                if count == 0 || errno != EAGAIN {
                    close(errors)
                    errors = -1
                }
                return
            }
        }
    }

    /// The last useful thing that it said; nil if it said nothing.
    var complaint: String? {
        readErrors()
        return complaints.last
    }
}
