// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CConfinement
import Foundation
import TestSupport
import Testing

@testable import Capture

@Suite(.ffmpeg)
struct DecoderProcessTests {
    private let folder: TemporaryFolder
    private let file: String

    init() async throws {
        folder = try TemporaryFolder()
        file = folder.file("tone.m4a")
        try await TestEnvironment.run("ffmpeg -v error -f lavfi -i sine=440:r=48000:d=120 '\(file)'")
    }

    /// Starts a program as decoders are started, and returns what it prints and its exit status.
    ///
    /// - Parameter seconds: the processor time that it may take.
    private func confined(
        _ path: String, _ arguments: [String], seconds: UInt64 = 60
    ) throws -> (text: String, status: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let strings = ([path] + arguments).map { (text: String) in strdup(text) } + [nil]
        defer { for string in strings { free(string) } }
        let environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var failure = confinement_failure()
        let pid = strings.withUnsafeBufferPointer { strings in
            environment.withUnsafeBufferPointer { environment in
                path.withCString { path in
                    var program = confined_program(
                        path: path, arguments: strings.baseAddress, environment: environment.baseAddress,
                        file: descriptor, input: -1, output: ends[1], messages: ends[1], most_memory: 2 << 30,
                        most_seconds: seconds)
                    return start_confined(&program, &failure)
                }
            }
        }
        close(ends[1])
        try #require(pid > 0, "\(failure.call.map { String(cString: $0) } ?? "") \(failure.error)")
        let text = String(
            decoding: FileHandle(fileDescriptor: ends[0], closeOnDealloc: true).readDataToEndOfFile(), as: UTF8.self)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return (text, status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F))
    }

    @Test func `what decodes reads its file and its libraries, and no other file`() throws {
        let secret = try folder.write("secret", to: "secret.txt")
        #expect(try confined("/usr/bin/cat", ["/proc/self/fd/3"]).text.contains("ftyp"))
        for path in [secret, "/etc/passwd", "/proc/self/environ", "/proc/\(getpid())/environ"] {
            let (text, status) = try confined("/usr/bin/cat", [path])
            #expect(status == 1 && text.contains("Permission denied"), "\(path): \(text)")
        }
    }

    @Test func `what decodes writes no file, starts no program, and has no network`() throws {
        let shell = "/bin/bash"
        let new = folder.file("new")
        for (script, reason) in [
            ("echo x > \(new)", "Permission denied"), ("echo x > \(file)", "Permission denied"),
            ("exec /usr/bin/ls", "Permission denied"), ("(echo child)", "not implemented"),
            ("exec 5<>/dev/tcp/127.0.0.1/9", "not implemented"), ("kill -9 \(getpid())", "not implemented"),
        ] {
            let (text, _) = try confined(shell, ["--norc", "-c", script])
            #expect(text.contains(reason), "\(script): \(text)")
        }
        #expect(!FileManager.default.fileExists(atPath: new))
    }

    @Test func `what decodes has no signal sent for it, and does not outlive its parent`() throws {
        // Of a pipe that becomes readable, its owner is told by a signal of one's choice.
        #if arch(x86_64)
            let prctl = 157
        #else
            let prctl = 167
        #endif
        // F_SETOWN, F_SETSIG, and F_SETFL with O_ASYNC; PR_SET_PDEATHSIG.
        let script = """
            for ([8, \(getpid())], [10, 9], [4, 020000]) {
                print defined fcntl(STDOUT, $_->[0], $_->[1]) ? "done\\n" : "refused " . ($! + 0) . "\\n";
            }
            print "death ", syscall(\(prctl), 1, 0, 0, 0, 0), "\\n";
            """
        let (text, _) = try confined("/usr/bin/perl", ["-e", script])
        #expect(text == "refused 38\nrefused 38\nrefused 38\ndeath -1\n", "\(text)")
    }

    @Test func `what computes without end is told apart by its signal`() throws {
        #expect(try confined("/bin/bash", ["--norc", "-c", "while :; do :; done"], seconds: 1).status == -SIGXCPU)
    }

    /// The process numbers of this process' decoders that read a file.
    private func decoders() -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { pid in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/3")) == file && pid != getpid()
        }
    }

    private func decoder(_ descriptor: Int32, patience: Double = 30, cancellation: Int32? = nil) throws
        -> ConfinedDecoder
    {
        try ConfinedDecoder(descriptor, name: file, cancellation: cancellation, patience: patience)
    }

    private func readAll(_ decoder: ConfinedDecoder) -> Int {
        let buffer = OwnedBuffer<Float>(repeating: 0, count: 4096)
        var count = 0
        while case let frames = decoder.read(buffer.pointer, frames: 4096), frames > 0 { count += frames }
        return count
    }

    @Test func `a decoder that crashes or hangs is ended, and what it gave is heard`() throws {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        for (signal, patience, words) in [(SIGSEGV, 30.0, "crashed (signal 11)"), (SIGSTOP, 5, "delivered nothing")] {
            let decoder = try decoder(descriptor, patience: patience)
            let pid = try #require(decoders().first)
            let buffer = OwnedBuffer<Float>(repeating: 0, count: 4096)
            let first = decoder.read(buffer.pointer, frames: 4096)
            kill(pid, signal)
            let count = first + readAll(decoder)
            // A pipe holds 64 KiB.
            #expect(count > 1000 && count < 100 * 48_000)
            #expect(decoder.losses.stop?.contains(words) == true, "\(decoder.losses)")
            #expect(decoder.losses.stop?.contains("nothing is heard from 0:0") == true)
            #expect(decoders().isEmpty)
        }
    }

    @Test func `a decoder that is given up leaves no process behind`() throws {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var given: ConfinedDecoder? = try decoder(descriptor)
        let pid = try #require(decoders().first)
        #expect(given?.format.sampleRate == 48_000)
        given = nil
        // Nor one that waits to be reaped.
        #expect(access("/proc/\(pid)", F_OK) != 0)
        // One that waits for its decoder is told to stop.
        let signal = try StopSignal()
        let waiting = try decoder(descriptor, cancellation: signal.fileDescriptor)
        kill(try #require(decoders().first), SIGSTOP)
        signal.raise()
        #expect(readAll(waiting) < 100 * 48_000)
        #expect(decoders().isEmpty)
    }

    @Test func `where ffmpeg is not installed, the reason is said`() throws {
        // Another program, because the environment belongs to all tests.
        let text = try Programs.run(
            Programs.built("genrelab"), ["classify", file], environment: ["PATH": folder.path], status: 1)
        #expect(text.contains("ffmpeg is not installed"), "\(text)")
    }
}
