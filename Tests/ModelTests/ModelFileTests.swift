// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import TestSupport
import Testing

@testable import Model

struct ModelFileTests {
    @Test(arguments: [IncrementalNetworkTests.architectures[0], small2DArchitecture, smallBranchedArchitecture])
    func `a model is the same after writing and reading`(architecture: Architecture) throws {
        let model = try randomModel(architecture: architecture)
        let folder = try TemporaryFolder()
        let path = folder.file("model.safetensors")
        try model.write(to: path, halfPrecision: false)
        let read = try GenreModel(contentsOf: path)
        #expect(read.labels == model.labels && read.architecture == model.architecture)
        #expect(read.temperature == model.temperature)
        let window = (0..<1600).map { Float($0 % 17) - 8 }
        #expect(read.logits(window: window, rounded: false) == model.logits(window: window, rounded: false))
    }

    @Test func `a model for inference computes the same, and cannot be written`() throws {
        let model = try randomModel()
        let light = model.forInference()
        #expect(light.weights == nil)
        var generator = SplitMix(state: 3)
        let window = (0..<model.frontEnd.windowFrames * model.frontEnd.coefficients).map { _ in
            generator.uniform(-20...20)
        }
        #expect(light.logits(window: window, rounded: true) == model.logits(window: window, rounded: true))
        let error = #expect(throws: ModelError.self) { try light.safeTensors() }
        #expect(error?.code == .cannotWrite)
    }

    @Test func `a file in half precision is close, and half as large`() throws {
        let model = try randomModel()
        let half = try model.safeTensors().serialized(halfPrecision: true)
        let full = try model.safeTensors().serialized(halfPrecision: false)
        #expect(half.count < full.count * 6 / 10)
        let read = try GenreModel(SafeTensors(bytes: half))
        let window = (0..<1600).map { Float($0 % 17) - 8 }
        for (a, b) in zip(read.logits(window: window, rounded: false), model.logits(window: window, rounded: false)) {
            #expect(abs(a - b) < 0.02)
        }
    }

    @Test func `the card's text and JSON values survive the file`() throws {
        let plain = try randomModel()
        let card = ["data": "wild \"and\" tame", "accuracy": "{\"clips\":0.6}", "seed": "7"]
        let model = try GenreModel(
            architecture: plain.architecture, labels: plain.labels, temperature: 1, card: card,
            tensors: try #require(plain.weights).tensors())
        #expect(try GenreModel(SafeTensors(bytes: model.safeTensors().serialized(halfPrecision: true))).card == card)
    }

    @Test func `equal models give equal bytes`() throws {
        #expect(
            try randomModel().safeTensors().serialized(halfPrecision: true)
                == randomModel().safeTensors().serialized(halfPrecision: true))
    }

    @Test func `labels that are not music are kept, and an older file's is found by its name`() throws {
        let model = try randomModel(labels: ["jazz", "noise", "rock", "speech"], noMusic: ["speech", "noise"])
        #expect(model.noMusicLabels == [3, 1])
        var file = try model.safeTensors()
        #expect(try GenreModel(file).noMusicLabels == [3, 1])
        file.metadata["no_music_labels"] = nil
        #expect(try GenreModel(file).noMusicLabels == [])
        var old = try randomModel().safeTensors()
        old.metadata["no_music_labels"] = nil
        #expect(try GenreModel(old).noMusicLabels == [3])
    }

    /// One change to a good file's metadata, and a word that the error must contain.
    @Test(arguments: [
        ("format", "other", "format"), ("format_version", "2", "version"), ("front_end", "{}", "front_end"),
        ("architecture", "[]", "architecture"), ("labels", "[\"a\"]", "labels"), ("labels", "[\"a\",\"a\"]", "labels"),
        ("no_music_labels", "[\"opera\"]", "not music"), ("no_music_labels", "[\"jazz\",\"jazz\"]", "not music"),
        ("no_music_labels", "{}", "no_music_labels"), ("temperature", "0", "temperature"),
        ("temperature", "warm", "temperature"),
        ("temperature", "nan", "temperature"),
        (
            "architecture",
            #"{"kind":"conv1d-statistics","blocks":[],"statistics":["mean","max","std"],"std_epsilon":1e-5}"#, "blocks"
        ),
        ("architecture", #"{"kind":"transformer","blocks":[],"statistics":[],"std_epsilon":1}"#, "transformer"),
        (
            "architecture",
            #"{"kind":"conv1d-statistics","blocks":[{"channels":1000000000,"kernel":3,"pool":1}],"statistics":["mean","max","std"],"std_epsilon":1e-5}"#,
            "channels"
        ),
    ])
    func `an error about metadata names what is wrong`(key: String, value: String, expected: String) throws {
        var file = try randomModel().safeTensors()
        file.metadata[key] = value
        let error = #expect(throws: ModelError.self) { _ = try GenreModel(file) }
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    }

    /// One change to the JSON of an architecture with branches, and a word that the error must contain.
    @Test(arguments: [
        (#""kind":"branches-statistics""#, #""kind":"conv1d-statistics""#, "one branch over time"),
        (#""branches":["#, #""branch":["#, "unknown key 'branch'"),
        (#""branches":["#, #""blocks":[],"branches":["#, "not both"),
        (#""branches":["#, #""branches":[{"blocks":[{"channels":8,"kernel":3,"pool":2}]},"#, "every 4 frames"),
        (#""bands":32"#, #""band":32"#, "unknown key 'band'"),
        (#""channels":24,"kernel":3"#, #""channels":24,"dilation":2,"kernel":3"#, "unknown key 'dilation' in a block"),
        (#""channels":8,"kernel""#, #""channels":8,"stride":2,"kernel""#, "unknown key 'stride' in a 2-D block"),
        (#""bands":32"#, #""bands":0"#, "0 bands"), (#""bands":32"#, #""bands":1000000000"#, "bands"),
        (#""bands":32"#, #""bands":31"#, "input.weight"), (#""bands":32"#, #""bands":4"#, "leave nothing"),
        (#""channels":8"#, #""channels":-8"#, "2-D block 0"), (#""channels":8"#, #""channels":99999"#, "2-D block 0"),
        (#""channels":8"#, #""channels":9"#, "blocks2d.0.weight"),
        (#""kernel":{"frequency":3,"time":3}"#, #""kernel":{"frequency":2,"time":3}"#, "odd"),
        (#""kernel":{"frequency":3,"time":3}"#, #""kernel":{"frequency":3,"time":0}"#, "kernel"),
        (#""kernel":{"frequency":3,"time":3}"#, #""kernel":3"#, "architecture"),
        (#""pool":{"frequency":2,"time":2}"#, #""pool":{"frequency":0,"time":2}"#, "pool"),
        (#""pool":{"frequency":2,"time":2}"#, #""pool":{"frequency":9223372036854775807,"time":2}"#, "pool"),
    ])
    func `an error about the architecture names what is wrong`(old: String, new: String, expected: String) throws {
        var file = try randomModel(architecture: small2DArchitecture).safeTensors()
        let text = try #require(file.metadata["architecture"])
        let place = try #require(text.range(of: old), "\(text)")
        file.metadata["architecture"] = text.replacingCharacters(in: place, with: new)
        let error = #expect(throws: ModelError.self) { _ = try GenreModel(file) }
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    }

    @Test func `a network too expensive for real time is refused`() throws {
        let wide = Architecture.Block2D(
            channels: 256, kernel: .init(time: 7, frequency: 7), pool: .init(time: 1, frequency: 1))
        let architecture = Architecture(branches: [
            .init(bands: 64, blocks2d: [wide, wide], blocks: [.init(channels: 4, kernel: 1, pool: 1)])
        ])
        let error = #expect(throws: ModelError.self) {
            _ = try GenreModel(architecture: architecture, labels: ["a", "b"], temperature: 1, card: [:], tensors: [:])
        }
        #expect(error?.message.contains("multiplications") == true)
    }

    @Test func `a network with too long a step is refused`() {
        let architecture = Architecture(blocks: [
            .init(channels: 2, kernel: 1, pool: 4), .init(channels: 2, kernel: 1, pool: 4),
            .init(channels: 2, kernel: 1, pool: 2),
        ])
        #expect(architecture.problem(frontEnd: .version1)?.contains("every 32 frames") == true)
    }

    @Test func `a network with too many weights is refused`() {
        let wide = Architecture.Block(channels: 2048, kernel: 2, pool: 1)
        let architecture = Architecture(blocks: [wide, wide, wide])
        #expect(architecture.problem(frontEnd: .version1)?.contains("weights") == true)
    }

    /// Weights near the largest numbers can cause such logits.
    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `logits that are not finite still give probabilities`(bad: Float) throws {
        let model = try randomModel()
        var logits: [Float] = [1, bad, 2, bad]
        logits.withUnsafeMutableBufferPointer { model.calibrate($0) }
        #expect(logits.allSatisfy { $0.isFinite } && abs(logits.reduce(0, +) - 1) < 1e-6)
    }

    @Test func `the JSON of one branch over time has no branches and no 2-D blocks`() throws {
        let text = try #require(try randomModel().safeTensors().metadata["architecture"])
        #expect(!text.contains("branch") && !text.contains("2d"))
    }

    @Test func `a model with another front end is refused`() throws {
        var file = try randomModel().safeTensors()
        file.metadata["front_end"] = file.metadata["front_end"]?.replacingOccurrences(of: "1323", with: "1024")
        let error = #expect(throws: ModelError.self) { _ = try GenreModel(file) }
        #expect(error?.message.contains("front end") == true)
    }

    @Test func `an error about a tensor names it`() throws {
        let good = try randomModel().safeTensors()
        var missing = good
        missing.tensors["head.bias"] = nil
        var shaped = good
        shaped.tensors["head.bias"] = .init(shape: [2, 2], values: [0, 0, 0, 0])
        var superfluous = good
        superfluous.tensors["extra"] = .init(shape: [1], values: [0])
        var infinite = good
        infinite.tensors["blocks.1.bias"]?.values[3] = .infinity
        for (file, expected) in [
            (missing, "head.bias"), (shaped, "[2, 2]"), (superfluous, "extra"), (infinite, "not finite"),
        ] {
            let error = #expect(throws: ModelError.self) { _ = try GenreModel(file) }
            #expect(error?.code == .badTensor && error?.message.contains(expected) == true, "\(error?.message ?? "")")
        }
    }

    @Test(arguments: [true, false], [Float.infinity, -.infinity, .nan])
    func `a number in a file that is not finite is found`(halfPrecision: Bool, number: Float) throws {
        var file = try randomModel().safeTensors()
        file.tensors["blocks.1.weight"]?.values[77] = number
        let read = try SafeTensors(bytes: file.serialized(halfPrecision: halfPrecision))
        #expect(read.tensors["blocks.1.weight"]?.isFinite == false && read.tensors["head.weight"]?.isFinite == true)
        let error = #expect(throws: ModelError.self) { _ = try GenreModel(read) }
        #expect(error?.message.contains("'blocks.1.weight' holds numbers that are not finite") == true)
    }

    @Test(arguments: [true, false])
    func `some of a tensor's numbers are those of all`(halfPrecision: Bool) throws {
        let file = try randomModel().safeTensors()
        let read = try SafeTensors(bytes: file.serialized(halfPrecision: halfPrecision))
        for (name, tensor) in read.tensors {
            #expect(tensor.shape == file.tensors[name]?.shape && tensor.count == tensor.values.count)
            for range in [0..<tensor.count, 1..<tensor.count, tensor.count - 1..<tensor.count, 1..<1] {
                #expect(tensor.values(range) == Array(tensor.values[range]), "\(name), \(range)")
            }
        }
    }

    @Test(arguments: ["/nonexistent/model", "/", "/dev/zero", "/proc/self/mem"])
    func `a path that is not a regular file is refused`(path: String) {
        let error = #expect(throws: ModelError.self) { _ = try GenreModel(contentsOf: path) }
        #expect(error?.message.contains(path) == true)
    }

    /// Random damage may give a model or an error, but never a crash. Incomplete files and random bytes give an error.
    @Test(arguments: [IncrementalNetworkTests.architectures[0], small2DArchitecture, smallBranchedArchitecture])
    func `damaged files never crash, and incomplete ones are refused`(architecture: Architecture) throws {
        let good = try randomModel(architecture: architecture).safeTensors().serialized(halfPrecision: true)
        var generator = SplitMix(state: 99)
        for round in 0..<3000 {
            var bytes = good
            switch round % 4 {
            case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
            case 1:
                for _ in 0..<Int.random(in: 1...20, using: &generator) {
                    bytes[Int.random(in: 0..<2000, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                }
            case 2:
                // A hostile header of the right length: digits become other digits.
                for index in 8..<2500
                where (48...57).contains(bytes[index]) && Int.random(in: 0..<12, using: &generator) == 0 {
                    bytes[index] = UInt8.random(in: 48...57, using: &generator)
                }
            default:
                bytes = (0..<Int.random(in: 0...400, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
            }
            let model = try? GenreModel(SafeTensors(bytes: bytes))
            let isIncomplete = round % 4 == 0 && bytes.count < good.count
            #expect(model == nil || !(isIncomplete || round % 4 == 3), "round \(round)")
        }
        // Foundation's JSON reader traps on a text that ends in its 513th open bracket.
        for depth in [512, 513, 514, 100_000] {
            let deep = [UInt8](repeating: UInt8(ascii: "["), count: depth)
            let length = withUnsafeBytes(of: UInt64(deep.count).littleEndian) { Array($0) }
            #expect(throws: ModelError.self) { _ = try SafeTensors(bytes: length + deep) }
            for key in ["front_end", "architecture", "labels", "card"] {
                var file = try randomModel().safeTensors()
                file.metadata[key] = String(repeating: "[", count: depth)
                _ = try? GenreModel(file)
            }
        }
    }
}
