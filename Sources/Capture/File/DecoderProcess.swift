// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CConfinement
import CSpawn
import Glibc

/// One run of ffmpeg over a file, confined so that it can do nothing else (`start_confined`). One thread uses it, and
/// outlives it.
final class DecoderProcess {
    /// How it ended, if not well.
    enum Failure: Equatable {
        /// The message on one line.
        case failed(String)
        case cancelled
    }

    private(set) var messages = DecoderMessages()
    private(set) var failure: Failure?
    /// Kept until it is reaped, so that no other process can have its number.
    private var pid: pid_t
    private var output: Int32
    private var errors: Int32
    /// Readable once its work is no longer wanted; nil if that cannot be.
    private let cancellation: Int32?
    /// Seconds that it may take for the next output.
    private let patience: Double

    /// 2 GiB: what ffmpeg maps, not what it uses.
    private static let mostMemory: UInt64 = 2 << 30
    /// Seconds of processor time: an hour, and ten seconds a MiB, which no decoder needs.
    private static func mostSeconds(_ file: Int32) -> UInt64 { 3600 + 10 * UInt64(FileBytes(file).count >> 20) }

    /// The demuxers of files that hold audio themselves. A playlist or a script, whatever it is called, would name other
    /// files.
    private static let demuxers = [
        "aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "ape", "asf", "asf_o", "au", "avi", "caf", "dsf", "dts", "dtshd",
        "eac3", "flac", "flv", "iff", "loas", "matroska", "mlp", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "oga",
        "ogg", "oma", "rm", "shn", "sox", "tak", "truehd", "tta", "voc", "w64", "wav", "webm", "wv", "xwma",
    ]

    /// Starts ffmpeg on a regular file.
    ///
    /// - Throws: `cannotOpen` if it is not installed or cannot be confined.
    init(file: Int32, cancellation: Int32?, patience: Double) throws(CaptureError) {
        guard let program = findProgram("ffmpeg") else { throw CaptureError(.cannotOpen, "ffmpeg is not installed") }
        var ends: [Int32] = [-1, -1, -1, -1]
        let isMade = ends.withUnsafeMutableBufferPointer { ends in
            pipe(ends.baseAddress) == 0 && pipe(ends.baseAddress! + 2) == 0
        }
        let pipeError = errno
        defer { for end in [ends[1], ends[3]] where end >= 0 { close(end) } }
        guard isMade else {
            for end in [ends[0], ends[2]] where end >= 0 { close(end) }
            throw CaptureError(
                .cannotOpen, "ffmpeg cannot be started: \(systemMessage(pipeError))", call: "pipe", errno: pipeError)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // The decoder keeps its ends as they are.
        for end in [ends[0], ends[2]] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        do throws(CaptureError) {
            pid = try Self.start(program, file: file, output: ends[1], messages: ends[3])
        } catch {
            close(ends[0])
            close(ends[2])
            throw error
        }
        (output, errors) = (ends[0], ends[2])
        self.cancellation = cancellation
        self.patience = patience
    }

    deinit { end() }

    private static func start(
        _ program: String, file: Int32, output: Int32, messages: Int32
    ) throws(CaptureError) -> pid_t {
        let arguments = [
            "ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "repeat+level+info", "-threads", "1",
            "-protocol_whitelist", "file", "-format_whitelist", demuxers.joined(separator: ","),
            // Opened anew: with pipe: it could not seek, as many files demand.
            "-i", "file:/proc/self/fd/3", "-map", "0:a:0", "-map_metadata", "-1", "-af", "ashowinfo", "-threads", "1",
            "-c:a", "pcm_f32le", "-bitexact", "-f", "wav", "pipe:1",
        ]
        let strings = arguments.map { (text: String) in strdup(text) } + [nil]
        defer { for string in strings { free(string) } }
        let environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var failure = confinement_failure()
        let pid = strings.withUnsafeBufferPointer { strings in
            environment.withUnsafeBufferPointer { environment in
                program.withCString { path in
                    var description = confined_program(
                        path: path, arguments: strings.baseAddress, environment: environment.baseAddress, file: file,
                        input: -1, output: output, messages: messages, most_memory: mostMemory,
                        most_seconds: mostSeconds(file))
                    return start_confined(&description, &failure)
                }
            }
        }
        guard pid < 0 else { return pid }
        let call = failure.call.map { String(cString: $0) } ?? "start_confined"
        let reason =
            call == "landlock_create_ruleset"
            ? "this system has no Landlock to confine it, and files are decoded by no other means"
            : systemMessage(failure.error)
        throw CaptureError(.cannotOpen, "ffmpeg is not used: \(reason)", call: call, errno: failure.error)
    }

    // MARK: While it runs

    /// Reads the next bytes of its output, and waits for them. Returns 0 at the end; `failure` says whether it was a good
    /// one.
    func read(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
        let deadline = monotonicSeconds() + patience
        while output >= 0 {
            let count = Glibc.read(output, bytes.baseAddress, bytes.count)
            if count > 0 { return count }
            if count < 0, errno == EINTR { continue }
            guard count < 0, errno == EAGAIN else {
                finish()
                break
            }
            // poll passes over negative descriptors.
            var entries = [output, errors, cancellation ?? -1].map { descriptor in
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            }
            let left = deadline - monotonicSeconds()
            guard left > 0 else {
                fail("ffmpeg delivered nothing for \(DurationText.text(patience)), and was stopped")
                break
            }
            _ = poll(&entries, 3, Int32((left * 1000).rounded(.up)))
            if entries[1].revents != 0 { readMessages() }
            if entries[2].revents != 0 {
                failure = .cancelled
                end()
            }
        }
        return 0
    }

    /// Ends it early, because its work is not wanted.
    func fail(_ message: String) {
        failure = .failed(message)
        end()
    }

    /// Reads what it has printed so far.
    private func readMessages() {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while errors >= 0 {
            let count = Glibc.read(errors, &buffer, buffer.count)
            if count > 0 {
                messages.add(buffer[..<count])
            } else if count == 0 || errno != EINTR && errno != EAGAIN {
                close(errors)
                errors = -1
            } else if errno == EAGAIN {
                return
            }
        }
    }

    /// Waits for its end after that of its output, and notes how it went.
    private func finish() {
        close(output)
        output = -1
        // What decodes may have been taken over: it can close its output and live on.
        let process = OwnedDescriptor(pidfd_open(pid, 0))
        let deadline = monotonicSeconds() + patience
        var hasEnded = false
        while !hasEnded, case let left = deadline - monotonicSeconds(), left > 0 {
            // poll passes over negative descriptors.
            var entries = [errors, process.number, cancellation ?? -1].map { descriptor in
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            }
            _ = poll(&entries, 3, Int32((left * 1000).rounded(.up)))
            readMessages()
            hasEnded = entries[1].revents != 0 || !process.isOpen && errors < 0
            if entries[2].revents != 0 {
                failure = .cancelled
                return end()
            }
        }
        readMessages()
        let isStuck = !hasEnded
        if isStuck { kill(-pid, SIGKILL) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        pid = -1
        end()
        if isStuck {
            failure = .failed("ffmpeg did not end, and was stopped")
        } else if status & 0x7F == SIGXCPU {
            failure = .failed("ffmpeg computed without end, and was stopped")
        } else if status & 0x7F != 0 {
            failure = .failed("ffmpeg crashed (signal \(status & 0x7F))")
        } else if status != 0 {
            failure = .failed(messages.lastError ?? "ffmpeg exited with status \(status >> 8)")
        }
    }

    /// Kills it if it still runs, with its threads, and reaps it.
    private func end() {
        for descriptor in [output, errors] where descriptor >= 0 { close(descriptor) }
        (output, errors) = (-1, -1)
        guard pid > 0 else { return }
        kill(-pid, SIGKILL)
        while waitpid(pid, nil, 0) < 0, errno == EINTR {}
        pid = -1
    }
}
