// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Capture
import Foundation
import Model

/// Measures the cost of each stage of the audio path in this process.
@main
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "genred-bench",
        abstract: "Times the stages of genred's audio path on a recording.",
        discussion: """
            Prints one line of JSON for each stage: its name, and its processor time in seconds per second of audio, the \
            median of several runs. `make bench` runs it and other measurements, and writes a table.

            To count instructions with callgrind, run one stage and collect inside it:
              valgrind --tool=callgrind --toggle-collect='*StageRunnerV3run*' genred-bench --once network FILE
            """)

    @Argument(help: "The audio file.")
    var file: String

    @Option(help: ArgumentHelp("Runs per stage, of which the median is printed.", valueName: "n"))
    var repeats = 9

    @Option(help: ArgumentHelp("Run one stage once, and print its seconds of audio.", valueName: "stage"))
    var once: String?

    @Option(help: ArgumentHelp("Use only this much of the file, in seconds.", valueName: "seconds"))
    var seconds: Double?

    func validate() throws {
        guard repeats > 0 else { throw ValidationError("--repeats must be at least 1") }
        if let once, Stage(rawValue: once) == nil {
            let names = Stage.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no stage '\(once)'; choose one of \(names)")
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

/// Processor time of this thread so far, in seconds.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
