// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// genrelab from the command line: files in, files out, exit codes.
    @Suite(.timeLimit(.minutes(5))) struct LaboratoryTests {
        static let program = Programs.built("genrelab")
        static let genres = ["beats", "hum", "sweeps"]

        /// A small network that learns these genres in a second.
        static let configuration = """
            {"architecture": {"blocks": [{"channels": 12, "kernel": 3, "pool": 2}, {"channels": 16, "kernel": 3, "pool": 2}]},
             "batch": 48, "stepsPerEpoch": 10, "epochs": 6, "learningRate": 0.01, "averaging": 0.9, "dropout": 0.1,
             "validateEvery": 3}
            """

        /// A WAV file of a genre, stereo at 44 100 Hz; versions differ in tempo, pitch and loudness.
        static func wav(_ genre: String, version: Int, seconds: Double = 6) -> Data {
            var generator = SplitMix(state: UInt64(version + 1))
            func random() -> Double { Double(generator.uniform(0...1)) }
            let (tempo, pitch, loudness) = (1.6 + random(), 110 + 300 * random(), 3000 + 9000 * random())
            let count = Int(seconds * 44_100)
            let samples = (0..<count).flatMap { frame -> [Int16] in
                let time = Double(frame) / 44_100
                let value: Double =
                    switch genre {
                    case "beats": (2 * random() - 1) * exp(-(time * tempo).truncatingRemainder(dividingBy: 1) * 9)
                    case "hum": 0.5 * sin(2 * .pi * 60 * time) + 0.1 * (2 * random() - 1)
                    default: sin(2 * .pi * pitch * time * (1 + 0.3 * sin(time * 2)))
                    }
                let sample = Int16(loudness * value)
                return [sample, sample]
            }
            return Data(WAV.file(samples, rate: 44_100, channels: 2))
        }

        /// music/<genre>/<version>.wav
        static func music(_ folder: TemporaryFolder, versions: Range<Int>) throws -> String {
            let root = folder.file("music")
            for genre in genres {
                try FileManager.default.createDirectory(atPath: "\(root)/\(genre)", withIntermediateDirectories: true)
                for version in versions {
                    try wav(genre, version: version).write(to: URL(fileURLWithPath: "\(root)/\(genre)/\(version).wav"))
                }
            }
            return root
        }

        @discardableResult
        static func lab(_ arguments: [String], status: Int32 = 0) throws -> String {
            try Programs.run(program, arguments, status: status)
        }

        /// The standard output of a command, without progress and remarks.
        static func output(_ arguments: [String], input: String = "/dev/null", status: Int32 = 0) throws -> Data {
            let words = ([program] + arguments).map { "'\($0)'" }.joined(separator: " ")
            return Data(
                try Programs.run("/bin/sh", ["-c", "\(words) 2>/dev/null < '\(input)'"], status: status).utf8)
        }

        struct Evaluated: Decodable {
            struct Level: Decodable {
                var n: Int
                var accuracy: Double
                /// Only of windows.
                var nll: Double?
            }
            var windows: Level
            var clips: Level
            var labels: [String]
            var confusion: [[Int]]
        }

        struct Classified: Decodable {
            var file: String
            var genre: String?
            var probabilities: [String: Double]?
            var error: String?
        }

        static func classified(_ arguments: [String], input: String = "/dev/null", status: Int32 = 0) throws
            -> [Classified]
        {
            try String(
                decoding: output(["classify", "--json"] + arguments, input: input, status: status), as: UTF8.self
            )
            .split(separator: "\n").map { try JSONDecoder().decode(Classified.self, from: Data($0.utf8)) }
        }

        @Test func `a folder of audio becomes a model that predicts its genres`() throws {
            let folder = try TemporaryFolder()
            let music = try Self.music(folder, versions: 0..<7)
            let (features, model, held) = (
                folder.file("features"), folder.file("mine.safetensors"), folder.file("held")
            )
            try Self.genres.flatMap { ["\($0)/5\n", "\($0)/6\n"] }.joined().write(
                toFile: held, atomically: true, encoding: .utf8)
            try Self.configuration.write(toFile: folder.file("small.json"), atomically: true, encoding: .utf8)
            try Self.lab(["extract", music, features, "--json", folder.file("segments.json")])
            try Self.lab([
                "train", "--features", features, "--valid", held, "--config", folder.file("small.json"), "--out", model,
            ])
            let left = Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
            #expect(left.isSuperset(of: ["mine.safetensors", "mine.safetensors.json", "mine.safetensors.html"]))
            #expect(!left.contains { $0.hasSuffix(".checkpoint") || $0.hasSuffix(".tmp") })

            let evaluated = try [["--features", features], ["--audio", music]].map {
                try JSONDecoder().decode(
                    Evaluated.self, from: Self.output(["evaluate", "--model", model, "--split", held, "--json"] + $0))
            }
            for evaluated in evaluated {
                #expect(evaluated.labels == Self.genres)
                #expect(evaluated.clips.n == 6 && evaluated.clips.accuracy == 1)
                #expect(evaluated.windows.accuracy > 0.8)
                #expect(evaluated.confusion.joined().reduce(0, +) == evaluated.windows.n)
            }
            // Features are stored in half precision, so a few windows may differ.
            #expect(evaluated[0].windows.n == evaluated[1].windows.n)

            let (weights, description) = (folder.file("weights.safetensors"), folder.file("weights.json"))
            let again = folder.file("again.safetensors")
            try Self.lab(["export", "--model", model, weights, description])
            try Self.lab(["import", weights, description, "--out", again])
            let files = Self.genres.map { "\(music)/\($0)/6.wav" }
            let answers = try [model, again].map { try Self.classified(["--model", $0] + files) }
            #expect(answers[0].map(\.genre) == Self.genres)
            #expect(answers[0].map(\.probabilities) == answers[1].map(\.probabilities))
            // The daemon accepts the model too.
            try Programs.run(
                Programs.built("genred"), ["--model", model, "--check-config", "--source", "in=pipe:-"])
        }

        @Test func `what a model says of unlabelled recordings teaches another one`() throws {
            let folder = try TemporaryFolder()
            let features = folder.file("features")
            try Self.lab(["extract", Self.music(folder, versions: 0..<7), features])
            try Self.configuration.write(toFile: folder.file("small.json"), atomically: true, encoding: .utf8)
            let (teacher, student) = (folder.file("teacher.safetensors"), folder.file("student.safetensors"))
            let common = ["--config", folder.file("small.json"), "--epochs", "12"]
            try Self.lab(["train", "--features", features, "--out", teacher] + common)

            // The same recordings in one folder, whose name says nothing.
            let (unlabelled, targets) = (folder.file("unlabelled"), folder.file("targets"))
            try FileManager.default.createDirectory(atPath: "\(unlabelled)/any", withIntermediateDirectories: true)
            for genre in Self.genres {
                for version in 0..<7 {
                    try FileManager.default.copyItem(
                        atPath: "\(features)/\(genre)/\(version).npy",
                        toPath: "\(unlabelled)/any/\(genre)\(version).npy")
                }
            }
            let said = try Self.lab(["targets", "--model", teacher, "--model", teacher, unlabelled, targets])
            #expect(said.contains("targets of 21 tracks"))
            let names = try String(contentsOfFile: "\(targets)/labels.txt", encoding: .utf8)
            #expect(names.split(separator: "\n").map(String.init) == Self.genres)
            let told = try Self.lab(
                ["train", "--unlabelled", unlabelled, "--targets", targets, "--out", student] + common)
            #expect(told.contains("of 21 tracks without a label"))
            let evaluated = try JSONDecoder().decode(
                Evaluated.self, from: Self.output(["evaluate", "--model", student, "--features", features, "--json"]))
            #expect(evaluated.clips.accuracy > 0.9)

            // Mistakes of the command line.
            #expect(
                try Self.lab(["train", "--unlabelled", unlabelled, "--out", student], status: 64).contains("--targets"))
            #expect(
                try Self.lab(
                    ["train", "--unlabelled", unlabelled, "--targets", targets, "--folds", "2", "--out", student],
                    status: 64
                ).contains("only labelled tracks can be held out"))
            #expect(
                try Self.lab(["targets", "--model", teacher, "--model", "default", unlabelled, targets], status: 1)
                    .contains("default"))
        }

        @Test func `files that are not audio are reported, and all others are extracted`() throws {
            let folder = try TemporaryFolder()
            let music = try Self.music(folder, versions: 0..<2)
            func write(_ data: Data, _ name: String) throws {
                try data.write(to: URL(fileURLWithPath: "\(music)/\(name)"))
            }
            // A cover that sorts before its track, a broken file and a second recording with names of tracks, a broken track.
            try write(Data("no sound at all".utf8), "hum/0.jpg")
            try write(Data("no sound at all".utf8), "hum/0.FLAC")
            try write(Self.wav("hum", version: 9), "hum/1.wave")
            try write(Self.wav("beats", version: 3).prefix(30), "beats/broken.wav")
            let features = folder.file("features")
            let text = try Self.lab(["extract", music, features], status: 1)
            #expect(text.contains("hum/1.wave: skipped"))
            #expect(text.contains("hum/0.FLAC: skipped: it cannot be read, and hum/0.wav has the same name"))
            #expect(text.contains("broken.wav"))
            #expect(!text.contains("0.jpg"))
            #expect(text.contains("6 tracks"))
            for genre in Self.genres {
                #expect(try FileManager.default.contentsOfDirectory(atPath: "\(features)/\(genre)").count == 2)
            }
            #expect(try Self.lab(["extract", music, features], status: 1).contains("6 of 7 tracks up to date"))
        }

        @Test func `classify answers for every file and reports those it cannot read`() throws {
            let folder = try TemporaryFolder()
            let music = try Self.music(folder, versions: 0..<1)
            let answers = try Self.classified(
                ["\(music)/hum/0.wav", "/nowhere.wav", "-", "\(music)/beats"], input: "\(music)/beats/0.wav", status: 1)
            // Of a folder, the files in it.
            #expect(answers.map(\.file) == ["\(music)/hum/0.wav", "/nowhere.wav", "-", "\(music)/beats/0.wav"])
            #expect(answers.map { $0.error == nil } == [true, false, true, true])
            for answer in answers where answer.error == nil {
                #expect(abs((answer.probabilities ?? [:]).values.reduce(0, +) - 1) < 1e-3)
            }
        }

        @Test func `a report survives a training that cannot start`() throws {
            let folder = try TemporaryFolder()
            let model = folder.file("mine.safetensors")
            for name in ["", ".html", ".json"] {
                try "kept".write(toFile: model + name, atomically: true, encoding: .utf8)
            }
            let music = try Self.music(folder, versions: 0..<2)
            try Self.lab(["extract", music, folder.file("features")])
            let arguments = ["train", "--features", folder.file("features"), "--out", model]
            // A machine with enough memory would start the training.
            if ProcessInfo.processInfo.physicalMemory < 40 << 30 {
                let block = #"{"channels": 2048, "kernel": 1, "pool": 1}"#
                try #"{"batch": 8192, "architecture": {"blocks": [\#(block), \#(block), \#(block)]}}"#.write(
                    toFile: folder.file("huge.json"), atomically: true, encoding: .utf8)
                let text = try Self.lab(arguments + ["--config", folder.file("huge.json")], status: 1)
                #expect(text.contains("make 'batch' smaller"))
            }
            try "not a checkpoint".write(
                toFile: model + ".everything.checkpoint", atomically: true, encoding: .utf8)
            #expect(try Self.lab(arguments + ["--resume"], status: 1).contains("checkpoint"))
            for name in ["", ".html", ".json"] {
                #expect(try String(contentsOfFile: model + name, encoding: .utf8) == "kept")
            }
        }
    }
}
