// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// A guard against an audio path that gets more expensive, independent of the machine's speed: callgrind counts the
    /// instructions of each stage for the same audio and compares them with bench/instructions.json.
    ///
    /// Callgrind's processor has AVX2 at most, so all machines of the last ten years count the same code. If a change
    /// is meant to cost more or less, write the new number there and the reason in the commit.
    @Suite struct InstructionTests {
        struct Limits: Decodable {
            /// Instructions per second of audio.
            var stages: [String: Double]
            /// The relative increase that is allowed: libraries differ a little between releases.
            var tolerance: Double
        }

        static let seconds = 4

        @Test(
            .enabled(if: Programs.has("valgrind", "strip"), "valgrind or strip is not installed"),
            .enabled(if: hasAVX2, "the limits are for x86-64 with AVX2"))
        func `no stage takes more instructions than before`() throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..")
            let limits = try JSONDecoder().decode(
                Limits.self, from: Data(contentsOf: root.appending(path: "bench/instructions.json")))
            let folder = try TemporaryFolder()
            try Self.sound().write(to: URL(fileURLWithPath: folder.file("sound.wav")))
            // Debian 12's Valgrind cannot read Swift's debugging information and stops.
            try Programs.run(
                "/usr/bin/env", ["strip", "-g", "-o", folder.file("genred-bench"), Programs.built("genred-bench")])
            try FileManager.default.createSymbolicLink(
                atPath: folder.file("genred_Model.resources"),
                withDestinationPath: Programs.built("genred_Model.resources")
            )
            for (stage, limit) in limits.stages.sorted(by: { $0.key < $1.key }) {
                let text = try Programs.run(
                    "/usr/bin/env",
                    [
                        "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                        "--toggle-collect=*StageRunnerV3run*", folder.file("genred-bench"), "--once", stage,
                        folder.file("sound.wav"),
                    ])
                let count = try #require(text.firstMatch(of: /Collected : (\d+)/).flatMap { Double($0.1) })
                let measured = count / Double(Self.seconds)
                #expect(measured > 1000, "nothing was counted of \(stage)")
                #expect(
                    measured <= limit * (1 + limits.tolerance),
                    "\(stage): \(Int(measured)) instructions per second of audio; bench/instructions.json has \(Int(limit))"
                )
            }
        }

        static let hasAVX2 =
            (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains(" avx2 ") ?? false

        /// A WAV file of a chord and noise, 48 kHz, mono, always the same.
        static func sound() -> Data {
            let rate = 48000
            var generator = SplitMix(state: 7)
            let samples = (0..<seconds * rate).map { index -> Int16 in
                let time = Double(index) / Double(rate)
                let chord = [220.0, 277.2, 329.6, 1760].map { sin(2 * .pi * $0 * time) }.reduce(0, +)
                return Int16(3000 * chord + 4000 * Double(generator.uniform(-1...1)))
            }
            return Data(WAV.file(samples, rate: rate))
        }
    }
}
