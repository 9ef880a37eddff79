// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Foundation
import Glibc
import TestSupport
import Testing

/// A folder for this run of the tests, and programs run in it.
enum TestEnvironment {
    /// Made once, before a test's thread can read the environment that this changes; it leads libasound to the PCMs of
    /// `ALSAConfiguration`.
    static let directory: URL = {
        let url = URL(filePath: NSTemporaryDirectory()).appending(path: "genred-capture-tests.\(getpid())")
        try? FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let configuration = url.appending(path: "asound.conf")
        try? ALSAConfiguration.text(in: url).write(to: configuration, atomically: true, encoding: .utf8)
        setenv("ALSA_CONFIG_PATH", configuration.path, 1)
        // A writer whose FIFO closes gets an error instead.
        signal(SIGPIPE, SIG_IGN)
        atexit { try? FileManager.default.removeItem(at: TestEnvironment.directory) }
        return url
    }()

    /// A path in `directory` that nobody else uses.
    static func path(_ name: String) -> String {
        directory.appending(path: "\(UUID().uuidString.prefix(8))-\(name)").path
    }

    /// Runs `sh -c command` to its end; its status must be 0.
    static func run(_ command: String, environment: [String: String] = [:]) async throws {
        let program = try ChildProcess(shell: command, environment: environment)
        while program.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        if program.status != 0 { throw CommandFailed(command: command, status: program.status) }
    }

    struct CommandFailed: Error {
        var command: String
        var status: Int32?
    }
}

/// PCMs for the tests, made by ALSA's plugins from a sound server and from files, because there may be no sound card.
enum ALSAConfiguration {
    /// The PCM of the `file` plugin that "records" the contents of `file(format)`, at any rate.
    static func pcm(_ format: String) -> String { "genred_file_\(format)" }

    static func file(_ format: String, in directory: URL = TestEnvironment.directory) -> URL {
        directory.appending(path: "infile-\(format).raw")
    }

    static func text(in directory: URL) -> String {
        var text = """
            </usr/share/alsa/alsa.conf>
            pcm.genred_pulse { type pulse device radio.monitor server "\(PulseServer.address(in: directory))" }
            pcm.genred_linear { type linear slave { pcm null format S16_LE } }
            pcm.genred_stereo {
                type multi
                slaves.a { pcm null channels 2 }
                bindings.0 { slave a channel 0 }
                bindings.1 { slave a channel 1 }
            }

            """
        for format in SampleFormat.allCases.map(\.rawValue) {
            text += """
                pcm.\(pcm(format)) {
                    type file
                    slave.pcm null
                    file /dev/null
                    infile "\(file(format, in: directory).path)"
                    format raw
                }

                """
        }
        return text
    }
}

/// The number of the process's open file descriptors whose target's name contains `part`.
func openDescriptors(_ part: String = "") -> Int {
    let folder = "/proc/self/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard !part.isEmpty else { return names.count }
    return names.count {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)"))?.contains(part) == true
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test if there is no ffmpeg to make its files.
    static var ffmpeg: Self {
        .enabled(if: Programs.has("ffmpeg"), "ffmpeg is not installed (apt-get install ffmpeg)")
    }
}

extension ChildProcess {
    /// Starts `sh -c command` in the tests' folder.
    convenience init(shell command: String, environment: [String: String] = [:]) throws {
        try self.init(shell: command, in: TestEnvironment.directory.path, environment: environment)
    }
}
