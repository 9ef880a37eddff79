// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Capture
import Foundation
import Model
import Streaming

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

    @Option(
        help: ArgumentHelp(
            "Analyse one update at a time, with a pause of so many milliseconds after each, and print an update's processor "
                + "time, the median. The file must be longer than 8 seconds.", valueName: "ms"))
    var pause: Double?

    func validate() throws {
        guard repeats > 0 else { throw ValidationError("--repeats must be at least 1") }
        if let pause, !(0...10_000 ~= pause) { throw ValidationError("--pause must be 0 to 10000") }
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
        if let pause {
            let times = try updateTimes(samples, rate: rate, pause: pause)
            guard !times.isEmpty else { throw ValidationError("\(file) is too short") }
            print(#"{"pause":\#(pause / 1000),"seconds":\#(times[times.count / 2])}"#)
            return
        }
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

/// The processor time of each update's analysis, in seconds, in ascending order, without those of the first windows.
///
/// - Parameter pause: milliseconds after each update, in which other programs take the caches.
private func updateTimes(_ samples: [Float], rate: Int, pause: Double) throws -> [Double] {
    let classifier = try StreamingClassifier(model: GenreModel.shipped(), inputRate: rate)
    let update = Int(classifier.updateInterval * Double(rate))
    let times = stride(from: 0, through: samples.count - update, by: update).map { start in
        let begin = processorSeconds()
        classifier.process(samples.span.extracting(start..<start + update)) { _ in }
        defer { usleep(UInt32(pause * 1000)) }
        return processorSeconds() - begin
    }
    return times.dropFirst(30).sorted()
}

/// Processor time of this thread so far, in seconds.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
