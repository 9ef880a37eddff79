// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Capture
import Foundation
import Model

/// What the audio path costs, stage by stage, in this process.
@main
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "genred-bench",
        abstract: "Times the stages of genred's audio path on a recording.",
        discussion: """
            Prints a line of JSON a stage: its name, and the processor time in seconds that it takes per second of \
            audio, the median of several runs. `make bench` runs it, beside what else there is, and makes a table.

            Under callgrind, run one stage and collect inside of it:
              valgrind --tool=callgrind --toggle-collect='*StageRunnerV3run*' genred-bench --once network FILE
            """)

    @Argument(help: "The audio file.")
    var file: String

    @Option(help: ArgumentHelp("How many runs a stage's time is the median of.", valueName: "n"))
    var repeats = 9

    @Option(help: ArgumentHelp("Run one stage, once, and say how many seconds of audio it had.", valueName: "stage"))
    var once: String?

    @Option(help: ArgumentHelp("Use this much of the file, in seconds.", valueName: "seconds"))
    var seconds: Double?

    func validate() throws {
        guard repeats > 0 else { throw ValidationError("--repeats is at least 1") }
        if let once, Stage(rawValue: once) == nil {
            let names = Stage.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("no stage '\(once)'; there are \(names)")
        }
    }

    func run() throws {
        let reader = try AudioFileReader(path: file)
        let rate = reader.format.sampleRate
        var samples = reader.readAll()
        if let seconds { samples = Array(samples.prefix(Int(seconds * Double(rate)))) }
        let runner = try StageRunner(model: GenreModel.shipped(), samples: samples, rate: rate)
        if let once, let stage = Stage(rawValue: once) {
            try runner.run(stage)
            print(#"{"stage":"\#(stage.rawValue)","audio":\#(runner.duration)}"#)
            return
        }
        for stage in Stage.allCases {
            try runner.run(stage)
            let times = try (0..<repeats).map { _ in
                let begin = processorSeconds()
                try runner.run(stage)
                return (processorSeconds() - begin) / runner.duration
            }
            print(#"{"stage":"\#(stage.rawValue)","seconds":\#(times.sorted()[repeats / 2])}"#)
        }
    }
}

/// Of this thread.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
