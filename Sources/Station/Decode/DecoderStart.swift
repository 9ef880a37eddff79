// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CConfinement
import Glibc

/// How ffmpeg is kept from everything but its work, which is to decode what nobody vouches for.
enum DecoderStart {
    private static let environment = ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C"]
    /// Bytes of address space: what ffmpeg maps, not what it uses.
    private static let mostMemory: UInt64 = 2 << 30

    /// Starts ffmpeg. It is confined as decoders of files are, without network, files and signals, unless it has to connect to
    /// the station itself or the kernel has no Landlock. A program that is root makes it nobody instead.
    ///
    /// - Returns: its process number.
    static func start(
        _ arguments: [String], isOnline: Bool, input: Int32, output: Int32, errors: Int32
    ) throws(StationFailure) -> pid_t {
        if geteuid() == 0 {
            return try spawn(try DecoderPlan.asNobody(arguments), input, output, errors)
        }
        if !isOnline, let process = try confine(arguments, input, output, errors) { return process }
        return try spawn(arguments, input, output, errors)
    }

    /// Returns nil where the kernel has no Landlock.
    private static func confine(
        _ arguments: [String], _ input: Int32, _ output: Int32, _ errors: Int32
    ) throws(StationFailure) -> pid_t? {
        let strings: [[UnsafeMutablePointer<CChar>?]] = [arguments, environment].map { texts in
            texts.map { (text: String) in strdup(text) } + [nil]
        }
        defer { for string in strings.joined() { free(string) } }
        var failure = confinement_failure()
        let process = strings[0].withUnsafeBufferPointer { arguments in
            strings[1].withUnsafeBufferPointer { environment in
                var description = confined_program(
                    path: strings[0][0], arguments: arguments.baseAddress, environment: environment.baseAddress,
                    file: -1, input: input, output: output, messages: errors, most_memory: mostMemory,
                    most_seconds: .max)
                return start_confined(&description, &failure)
            }
        }
        if process >= 0 { return process }
        let call = failure.call.map { String(cString: $0) } ?? "start_confined"
        if call == "landlock_create_ruleset" { return nil }
        throw StationFailure(
            "cannot start ffmpeg: \(systemMessage(failure.error)) (\(call), error \(failure.error))")
    }

    private static func spawn(
        _ arguments: [String], _ input: Int32, _ output: Int32, _ errors: Int32
    ) throws(StationFailure) -> pid_t {
        var process: pid_t = 0
        let code = spawnProgram(
            arguments, environment: environment, input: input, output: output, errors: errors, process: &process)
        guard code == 0 else {
            throw StationFailure("cannot start ffmpeg: \(systemMessage(code)) (posix_spawn, error \(code))")
        }
        return process
    }
}
