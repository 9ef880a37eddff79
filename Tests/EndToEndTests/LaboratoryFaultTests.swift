// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

extension EndToEndTests.LaboratoryTests {
    /// A feature store of the genres, with two tracks per group, and a small configuration.
    struct Bench {
        let folder: TemporaryFolder
        let features: String
        let groups: String
        let configuration: String

        init(versions: Int = 4) throws {
            folder = try TemporaryFolder()
            features = folder.file("features")
            groups = folder.file("groups.tsv")
            configuration = folder.file("small.json")
            try lab(["extract", music(folder, versions: 0..<versions), features])
            let lines = genres.flatMap { genre in
                (0..<versions).map { "\(genre)/\($0)\t\(genre) \($0 / 2)\n" }
            }
            try lines.joined().write(toFile: groups, atomically: true, encoding: .utf8)
            try EndToEndTests.LaboratoryTests.configuration.write(
                toFile: configuration, atomically: true, encoding: .utf8)
        }

        func train(_ out: String, _ options: [String] = []) -> [String] {
            ["train", "--features", features, "--config", configuration, "--out", out] + options
        }
    }

    @Test func `a training that was killed resumes and gives the same bytes`() async throws {
        let bench = try Bench()
        let options = ["--folds", "2", "--groups", bench.groups, "--epochs", "40"]
        let day = ["SOURCE_DATE_EPOCH": "0"]
        let (whole, broken) = (bench.folder.file("whole.safetensors"), bench.folder.file("broken.safetensors"))
        try Programs.run(Self.program, bench.train(whole, options), environment: day)
        let command = ([Self.program] + bench.train(broken, options)).map { "'\($0)'" }.joined(separator: " ")
        let training = try ChildProcess(
            shell: "exec \(command) > /dev/null 2>&1", in: bench.folder.path, environment: day)
        defer { training.end() }
        let checkpoint = broken + ".fold2.checkpoint"
        #expect(
            await eventually(within: 60) {
                FileManager.default.fileExists(atPath: checkpoint) || !training.isRunning
            })
        training.end()
        // Without the option, the checkpoints are not overwritten.
        let refusal = try Self.lab(bench.train(broken, options), status: 1)
        #expect(refusal.contains("continue it with --resume"))
        #expect(try Self.lab(bench.train(broken, ["--resume"]), status: 1).contains("other folds"))
        let text = try Programs.run(Self.program, bench.train(broken, options + ["--resume"]), environment: day)
        #expect(text.contains("continuing after epoch"))
        func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
        #expect(try bytes(whole) == bytes(broken))
        for name in ["fold1", "fold2", "everything"] {
            try #require(!FileManager.default.fileExists(atPath: "\(broken).\(name).checkpoint"))
        }
    }

    @Test func `a fold's model has the accuracy that the report states`() throws {
        struct Report: Decodable {
            struct Fold: Decodable {
                var windows: Int
                var windowAccuracy: Double
                var nll: Double
            }
            var byFold: [Fold]
        }
        let bench = try Bench()
        let model = bench.folder.file("mine.safetensors")
        let text = try Self.lab(
            bench.train(model, ["--folds", "2", "--groups", bench.groups, "--keep-folds", "--epochs", "2"]))
        #expect(text.contains("calibration: temperature"))
        let report = try JSONDecoder().decode(
            Report.self, from: Data(contentsOf: URL(fileURLWithPath: model + ".json")))
        try #require(report.byFold.count == 2)
        for (number, fold) in zip(1..., report.byFold) {
            let stem = bench.folder.file("mine.fold\(number)")
            let evaluated = try JSONDecoder().decode(
                Evaluated.self,
                from: Self.output([
                    "evaluate", "--json", "--model", stem + ".safetensors", "--features", bench.features, "--split",
                    stem + ".txt",
                ]))
            #expect(evaluated.windows.n == fold.windows)
            // The stored weights have 16 bits.
            #expect(abs(evaluated.windows.accuracy - fold.windowAccuracy) < 0.02)
            #expect(abs(try #require(evaluated.windows.nll) - fold.nll) < 0.01)
        }
    }

    @Test func `a genre with a single group does not harm the others`() throws {
        let bench = try Bench()
        // All hum tracks are in one group: the model that is tested on them never saw hum.
        let lines = Self.genres.flatMap { genre in
            (0..<4).map { "\(genre)/\($0)\t\(genre) \(genre == "hum" ? 0 : $0 / 2)\n" }
        }
        try lines.joined().write(toFile: bench.groups, atomically: true, encoding: .utf8)
        let model = bench.folder.file("mine.safetensors")
        let text = try Self.lab(bench.train(model, ["--folds", "2", "--groups", bench.groups, "--epochs", "20"]))
        #expect(text.contains("every hum track is in one fold"))
        let evaluated = try JSONDecoder().decode(
            Evaluated.self,
            from: Self.output(["evaluate", "--json", "--model", model, "--features", bench.features]))
        #expect(evaluated.clips.accuracy > 0.9)
    }

    @Test func `a search finds the better configuration and resumes only with the same data`() throws {
        let bench = try Bench()
        let (space, results) = (bench.folder.file("space.json"), bench.folder.file("results.jsonl"))
        let best = bench.folder.file("best.json")
        try #"{"learningRate": {"choice": [1e-7, 0.01]}}"#.write(toFile: space, atomically: true, encoding: .utf8)
        let search = [
            "tune", "--features", bench.features, "--groups", bench.groups, "--config", bench.configuration,
            "--folds", "2", "--trials", "4", "--rungs", "1", space, results, "--out", best,
        ]
        let text = try Self.lab(search)
        #expect(!text.contains("(known)"))
        let found = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: best))) as? [String: Any])
        #expect(found["learningRate"] as? Double == 0.01)
        #expect(try Self.lab(search).components(separatedBy: "(known)").count == 5)
        // The same tracks, but the features of one have changed.
        let track = "\(bench.features)/hum/0.npy"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: track))
        bytes[bytes.count - 100] ^= 1
        try bytes.write(to: URL(fileURLWithPath: track))
        #expect(try Self.lab(search, status: 1).contains("belongs to another search"))
        #expect(
            try Self.lab(search.dropLast() + ["/nowhere/best.json"], status: 1).contains(
                "cannot write '/nowhere/best.json'"))
    }

    @Test func `audio is evaluated under every degradation, and a store holds only one`() throws {
        let bench = try Bench(versions: 2)
        let music = bench.folder.file("music")
        let model = bench.folder.file("mine.safetensors")
        try Self.lab(bench.train(model))
        let table = try Self.lab(["evaluate", "--model", model, "--audio", music, "--degrade"])
        #expect(table.contains("Opus at its lowest rates"))
        // Every row has numbers.
        #expect(table.firstMatch(of: #/–\s+–/#) == nil)
        let coded = bench.folder.file("coded")
        try Self.lab(["extract", music, coded, "--through", "opus"])
        #expect(try Self.lab(["extract", music, coded], status: 1).contains("features of audio through opus"))
        #expect(
            try Self.lab(["extract", music, bench.features, "--through", "opus"], status: 1).contains(
                "features of the original audio"))
        try Self.lab(bench.train(model, ["--variants", coded]))
        #expect(
            try Self.lab(bench.train(model, ["--label", "hmu=no-music"]), status: 1).contains("check its spelling"))
    }

    @Test func `tracks that are too short are left out and reported`() throws {
        let bench = try Bench(versions: 2)
        let (music, model) = (bench.folder.file("music"), bench.folder.file("mine.safetensors"))
        try Self.lab(bench.train(model))
        // A file of 2 s has no window of 3 s.
        let short = Self.wav("hum", version: 9, seconds: 2)
        try short.write(to: URL(fileURLWithPath: "\(music)/hum/short.wav"))
        let evaluate = ["evaluate", "--model", model, "--audio", music]
        #expect(try Self.lab(evaluate, status: 1).contains("left out: hum/short: shorter than a window"))
        let split = bench.folder.file("split.txt")
        try "hum/0\nhum/short\n".write(toFile: split, atomically: true, encoding: .utf8)
        #expect(
            try Self.lab(evaluate + ["--split", split], status: 1).contains("no windows of 'hum/short'"))
        // A label without tracks cannot be learned.
        try FileManager.default.createDirectory(atPath: "\(music)/polka", withIntermediateDirectories: false)
        try short.write(to: URL(fileURLWithPath: "\(music)/polka/short.wav"))
        let silence = Data(RawAudio.header(dataBytes: 800_000) + [UInt8](repeating: 0, count: 800_000))
        try silence.write(to: URL(fileURLWithPath: "\(music)/hum/quiet.wav"))
        #expect(try Self.lab(["extract", music, bench.features]).contains("hum/quiet.wav: nothing but silence"))
        #expect(try Self.lab(bench.train(model), status: 1).contains("'polka' has no track left to train on"))
        // These clips last 6 s, and the first 6 s after a change do not count.
        #expect(try Self.lab(["streams", "--model", model, music], status: 1).contains("nothing to evaluate"))
        #expect(
            try Self.lab(["streams", "--model", model, "--features", bench.features, "--speech-lead=6"], status: 1)
                .contains("needs a model with the label 'speech'"))
        #expect(try Self.lab(["streams", "--model", model], status: 64).contains("a folder of audio, or --features"))
        try "hum/0\n".write(toFile: split, atomically: true, encoding: .utf8)
        let both = ["--split", split, "--valid", split]
        try FileManager.default.removeItem(atPath: "\(bench.features)/polka")
        #expect(try Self.lab(bench.train(model, both), status: 1).contains("to be trained on and to be held out"))
    }

    @Test func `files at the output path are not lost`() throws {
        let bench = try Bench(versions: 2)
        let folder = bench.folder
        try FileManager.default.createDirectory(atPath: folder.file("taken"), withIntermediateDirectories: true)
        for out in [folder.file("taken"), folder.file("new/"), "/nowhere/x"] {
            #expect(try Self.lab(bench.train(out), status: 1).contains("cannot write"))
        }
        let (model, link) = (folder.file("mine.safetensors"), folder.file("link"))
        try "kept".write(toFile: model + ".tmp", atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: model)
        try "old".write(toFile: model, atomically: true, encoding: .utf8)
        // A training survives a full disk under its log, and a reader that goes away.
        let words = ([Self.program] + bench.train(link)).map { "'\($0)'" }.joined(separator: " ")
        try Programs.run("/bin/sh", ["-c", "\(words) 2> /dev/full > /dev/null"])
        let gone = "{ \(words) 2>&3; echo $? > '\(folder.file("status"))'; } 3>&1 >/dev/null | true"
        try Programs.run("/bin/sh", ["-c", gone])
        #expect(try String(contentsOfFile: folder.file("status"), encoding: .utf8) == "0\n")
        #expect(try String(contentsOfFile: model + ".tmp", encoding: .utf8) == "kept")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == model)
        let files = ["\(folder.file("music"))/hum/0.wav"]
        #expect(try Self.classified(["--model", model] + files).map { $0.error == nil } == [true])
        // A dangling link is written through.
        let early = folder.file("early")
        try FileManager.default.createSymbolicLink(atPath: early, withDestinationPath: folder.file("later"))
        try Self.lab(["export", "--model", model, early, folder.file("early.json")])
        #expect(FileManager.default.fileExists(atPath: folder.file("later")))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: early) == folder.file("later"))
        // A FIFO is written to, not replaced.
        let (weights, description) = (folder.file("weights"), folder.file("description"))
        try Self.lab(["export", "--model", model, weights, description])
        let fifo = folder.file("fifo")
        #expect(mkfifo(fifo, 0o600) == 0)
        let importing = [Self.program, "import", weights, description, "--out", fifo].map { "'\($0)'" }
        try Programs.run(
            "/bin/sh",
            ["-c", "timeout 60 cat '\(fifo)' > '\(fifo).read' & \(importing.joined(separator: " ")) && wait"])
        #expect(try Self.classified(["--model", fifo + ".read"] + files).map { $0.error == nil } == [true])
    }

    @Test func `the classic file has one segment for every three seconds`() throws {
        let folder = try TemporaryFolder()
        let json = folder.file("segments.json")
        try Self.lab([
            "extract", Self.music(folder, versions: 0..<2), folder.file("features"), "--json", json,
        ])
        struct Segments: Decodable {
            var mapping: [String]
            var labels: [Int]
            var mfcc: [[[Double]]]
        }
        let segments = try JSONDecoder().decode(Segments.self, from: Data(contentsOf: URL(fileURLWithPath: json)))
        #expect(segments.mapping == Self.genres)
        // 6 s are 99 frames, which hold one whole segment of 50.
        #expect(segments.labels == [0, 0, 1, 1, 2, 2])
        #expect(segments.mfcc.count == 6)
        #expect(segments.mfcc.allSatisfy { $0.count == 50 && $0.allSatisfy { $0.count == 32 } })
    }
}
