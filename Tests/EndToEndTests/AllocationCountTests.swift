// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// Allocations of the whole daemon while it listens, per thread, counted as `make bench` does.
    @Suite(.timeLimit(.minutes(2))) struct AllocationCountTests {
        /// The most allocations per estimate on all other threads: publishing to a subscriber, and bookkeeping.
        static let mostPerEstimate = 150.0

        @Test(.enabled(if: Programs.has("cc"), "no C compiler is installed"))
        func `analysis allocates nothing, and publishing allocates little`() async throws {
            let folder = try TemporaryFolder()
            let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appending(path: "../../bench/allocations.c")
            try Programs.run(
                "/usr/bin/env", ["cc", "-O2", "-shared", "-fPIC", "-o", folder.file("count.so"), source.path])
            try Programs.run("/usr/bin/env", ["mkfifo", folder.file("fifo")])
            let daemon = try RunningDaemon(
                sources: [("radio", "pipe:\(folder.file("fifo"))?rate=48000&channels=2&format=s16le")],
                environment: ["LD_PRELOAD": folder.file("count.so"), "ALLOCATIONS": folder.file("counts")])
            let client = try await daemon.client()
            _ = try client.subscribe(events: [.estimate])
            let writer = try await PipeWriter(folder.file("fifo"))

            // All of it is made before the first is played: if the writer pauses for a second, the reader checks the
            // FIFO's name, and that allocates.
            let audio = [20.0, 40].map { RawAudio.quietTone(seconds: $0, rate: 48_000) }

            /// Feeds some audio and waits until it is analysed.
            func play(_ audio: [UInt8], to end: Double) throws {
                writer.write(audio)
                let estimates = try daemon.estimates(client, seconds: 20) { $0.position > end - 0.5 }
                #expect(!estimates.isEmpty, "no estimate within 20 s: \(daemon.log)")
            }
            try play(audio[0], to: 20)
            let before = try counts(folder.file("counts"), of: daemon)
            try play(audio[1], to: 60)
            let after = try counts(folder.file("counts"), of: daemon)

            let analysis = after.filter { $0.key.hasPrefix("analysis") }
            #expect(!analysis.isEmpty, "no analysis thread: \(after)")
            for (name, count) in analysis { #expect(count == before[name], "\(name) allocates") }
            let rest = after.filter { !$0.key.hasPrefix("analysis") }.reduce(0) {
                $0 + $1.value - before[$1.key, default: 0]
            }
            #expect(rest > 0, "nothing was counted")
            let perEstimate = Double(rest) / (40 / 0.24)
            #expect(perEstimate < Self.mostPerEstimate, "\(perEstimate) allocations an estimate")
        }

        /// The allocations of each running thread, by name.
        private func counts(_ path: String, of daemon: RunningDaemon) throws -> [String: Int] {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let numbers = data.withUnsafeBytes { bytes in
                (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int.self) }
            }
            var result: [String: Int] = [:]
            for place in stride(from: 0, to: numbers.count - 1, by: 2) where numbers[place] != 0 {
                let name = "/proc/\(daemon.process.processIdentifier)/task/\(numbers[place])/comm"
                guard let text = try? String(contentsOfFile: name, encoding: .utf8) else { continue }
                result[text.trimmingCharacters(in: .whitespacesAndNewlines), default: 0] += numbers[place + 1]
            }
            return result
        }
    }
}
