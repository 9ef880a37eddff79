// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// A guard against the audio path growing dearer that does not depend on the machine's speed or mood: the instructions
    /// of each stage, counted by callgrind over the same sound, against bench/instructions.json.
    ///
    /// Callgrind's processor has AVX2 at most, so all machines of the last ten years count the same code. Where a change is
    /// meant to cost more (or less), write the new number there, with the reason in the commit.
    @Suite struct InstructionTests {
        struct Limits: Decodable {
            /// Instructions per second of audio.
            var stages: [String: Double]
            /// How much more is still the same: libraries differ a little between releases.
            var tolerance: Double
        }

        static let seconds = 4

        @Test(
            .enabled(if: Programs.has("valgrind", "strip"), "valgrind or strip is not installed"),
            .enabled(if: hasAVX2, "the limits are for x86-64 with AVX2"))
        func noStageTakesMoreInstructionsThanItDid() throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..")
            let limits = try JSONDecoder().decode(
                Limits.self, from: Data(contentsOf: root.appending(path: "bench/instructions.json")))
            let folder = try TemporaryFolder()
            try Self.sound().write(to: URL(fileURLWithPath: folder.file("sound.wav")))
            // Valgrind of Debian 12 cannot read Swift's debugging information, and stops.
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

        /// A chord and noise, 48 kHz, mono, as a WAV file; always the same.
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
