// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// A log that cannot be written delays and disturbs nothing else.
    @Suite(.timeLimit(.minutes(1))) struct LogFaultTests {
        func daemon(errors: FileHandle?, limits: String = "") throws -> RunningDaemon {
            try RunningDaemon(
                sources: [("silence", "pipe:-?rate=22050&channels=1&format=s16le")],
                input: try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/zero")), errors: errors, limits: limits
            )
        }

        /// Each reload logs a line.
        func log(_ lines: Int, _ client: ControlClient) throws {
            for _ in 0..<lines { _ = try client.reload() }
        }

        @Test func `the log goes to a device that is always full`() async throws {
            let daemon = try daemon(errors: FileHandle(forWritingAtPath: "/dev/full"))
            let client = try await daemon.client()
            try log(3, client)
            #expect(try await daemon.isHeard("silence", client))
            daemon.process.terminate()
            #expect(await daemon.exit(within: 5) == 0)
        }

        @Test func `the reader of the log stalls and then goes away`() async throws {
            let pipe = Pipe()
            // F_SETPIPE_SZ, which the Glibc module lacks.
            _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, 1031, 4096)
            let daemon = try daemon(errors: pipe.fileHandleForWriting)
            try pipe.fileHandleForWriting.close()
            let client = try await daemon.client()
            // More lines than the pipe holds.
            try log(120, client)
            #expect(try await daemon.isHeard("silence", client))
            let kept = pipe.fileHandleForReading.availableData
            #expect(kept.count <= 4096 && kept.last == UInt8(ascii: "\n"))
            try log(1, client)
            let next = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
            #expect(next.contains(/[1-9]\d* log lines were lost before this one\n.*nothing has changed\n/))
            try pipe.fileHandleForReading.close()
            try log(3, client)
            #expect(try await daemon.isHeard("silence", client))
            daemon.process.terminate()
            #expect(await daemon.exit(within: 5) == 0)
        }

        /// The reason why a file cannot grow.
        enum Disk: CaseIterable {
            /// A limit of 4 KiB per file.
            case limit
            /// A file system of one page, which takes root to mount.
            case small

            static var possible: [Disk] { Programs.canMount ? [.limit, .small] : [.limit] }
        }

        @Test(arguments: Disk.possible) func `the disk of the log is full and then has room again`(disk: Disk)
            async throws
        {
            let folder = try TemporaryFolder()
            if disk == .small {
                try Programs.run("/bin/sh", ["-c", "mount -t tmpfs -o size=4k none '\(folder.path)'"])
            }
            defer {
                if disk == .small { _ = try? Programs.run("/bin/sh", ["-c", "umount '\(folder.path)'"]) }
            }
            let path = folder.file("log")
            let file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
            let daemon = try daemon(
                errors: FileHandle(fileDescriptor: file, closeOnDealloc: true),
                limits: disk == .limit ? "ulimit -f 8;" : "")
            let client = try await daemon.client()
            try log(120, client)
            #expect(try await daemon.isHeard("silence", client))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == 4096)
            truncate(path, 0)
            try log(2, client)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains(/[1-9]\d* log lines were lost before this one\n/), "\(text)")
            // A line that was cut off is not mixed with the next one.
            for line in text.split(separator: "\n") {
                #expect(line.wholeMatch(of: /\d{4}-[-0-9:T]+Z (notice|warning) .*/) != nil)
            }
            daemon.process.terminate()
            #expect(await daemon.exit(within: 5) == 0)
        }
    }
}
