// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import Basics
import Foundation
import Model
import TestSupport
import Testing

@testable import Streaming

/// An estimate that outlives its callback.
struct Snapshot: Equatable {
    var position: Double
    var state: EstimatorState
    var label: Int?
    var confidence: Float
    var level: Float
    var probabilities: [Float]
    var windowProbabilities: [Float]?

    init(_ estimate: StreamingClassifier.Estimate) {
        position = estimate.position
        state = estimate.state
        label = estimate.label
        confidence = estimate.confidence
        level = estimate.level
        probabilities = Array(estimate.probabilities)
        windowProbabilities = estimate.windowProbabilities.map(Array.init)
    }
}

struct StreamingClassifierTests {
    /// All estimates of `samples`, processed in chunks of the sizes that `chunk` returns.
    func estimates(
        _ samples: [Float], rate: Int = 48_000, interval: Double? = nil, model: GenreModel? = nil,
        chunk: () -> Int = { .max }
    ) throws -> [Snapshot] {
        let classifier = try StreamingClassifier(
            model: model ?? randomModel(), inputRate: rate, updateInterval: interval)
        var result: [Snapshot] = []
        var start = 0
        while start < samples.count {
            let count = min(chunk(), samples.count - start)
            classifier.process(samples.span.extracting(start..<start + count)) { result.append(Snapshot($0)) }
            start += count
        }
        classifier.finish { result.append(Snapshot($0)) }
        return result
    }

    /// A signal that resembles music: changing chords over noise.
    func music(seconds: Double, rate: Int) -> [Float] {
        var generator = SplitMix(state: 3)
        return (0..<Int(seconds * Double(rate))).map { index in
            let time = Double(index) / Double(rate)
            let root = 110 * pow(2, Double(Int(time * 2) % 7) / 12)
            let chord =
                sin(2 * .pi * root * time) + sin(2 * .pi * root * 1.5 * time) + sin(2 * .pi * root * 2.52 * time)
            return Float(0.15 * chord * exp(-2 * (time * 2).truncatingRemainder(dividingBy: 1)))
                + generator.uniform(-0.01...0.01)
        }
    }

    @Test(arguments: [8_000, 22_050, 44_056, 44_100, 48_000, 192_000])
    func `estimates do not depend on how the samples are cut`(rate: Int) throws {
        let samples = music(seconds: 6, rate: rate)
        let whole = try estimates(samples, rate: rate)
        #expect(whole.count > 10)
        var generator = SplitMix(state: UInt64(rate))
        for largest in [3, 1_000, 100_000] {
            let cut = try estimates(samples, rate: rate) { Int.random(in: 1...largest, using: &generator) }
            #expect(cut == whole, "chunks of up to \(largest)")
        }
        let first = try estimates(Array(samples.prefix(rate * 4))) { 1 }
        #expect(try first == estimates(Array(samples.prefix(rate * 4))))
    }

    @Test func `a longer update interval publishes the same less often`() throws {
        let samples = music(seconds: 8, rate: 22_050)
        let every = try estimates(samples, rate: 22_050)
        let third = try estimates(samples, rate: 22_050, interval: 0.72)
        for estimate in third.dropLast() {
            let same = try #require(every.first { $0.position == estimate.position })
            #expect(same.probabilities == estimate.probabilities)
            #expect(same.windowProbabilities == estimate.windowProbabilities)
            #expect(same.state == estimate.state)
        }
        #expect(third.count == (every.count + 2) / 3 || third.count == every.count / 3 + 1)
    }

    @Test(arguments: [0.1, 0.25, 0, -0.24, .nan, .infinity])
    func `an update interval that is not a multiple of a hop is refused`(interval: Double) throws {
        let model = try randomModel()
        #expect(throws: StreamingError.self) {
            _ = try StreamingClassifier(model: model, inputRate: 48_000, updateInterval: interval)
        }
    }

    /// The network then computes windows between those of its own step. Windows that both compute are the same.
    @Test(arguments: [1, 2, 3, 6], [small1DArchitecture, smallBranchedArchitecture])
    func `updates can come more often than the network steps`(frames: Int, architecture: Architecture) throws {
        let model = try randomModel(architecture: architecture)
        let samples = music(seconds: 6, rate: 22_050)
        let usual = try WindowClassifier(model: model, inputRate: 22_050, silenceLevel: -60)
        let grid = try UpdateGrid(model: model, interval: Double(frames) * model.frontEnd.hopDuration)
        #expect(grid.step == [1: 1, 2: 2, 3: 1, 6: 2][frames] && grid.step * grid.stepsPerUpdate == frames)
        let fine = try WindowClassifier(model: model, inputRate: 22_050, silenceLevel: -60, step: grid.step)
        func windows(_ stream: WindowClassifier) -> [Double: [Float]] {
            var result: [Double: [Float]] = [:]
            stream.process(samples.span) { step in result[step.position] = step.windowProbabilities.map(Array.init) }
            return result
        }
        let (coarse, all) = (windows(usual), windows(fine))
        #expect(coarse.count > 10 && all.count > coarse.count * (4 / grid.step) - 8)
        for (position, window) in coarse {
            let same = try #require(all[position])
            for (a, b) in zip(window, same) { #expect(abs(a - b) < 1e-5) }
        }
    }

    @Test(arguments: [0, -1, 7_999, 192_001, Int.max])
    func `a sample rate out of range is refused`(rate: Int) throws {
        let model = try randomModel()
        #expect(throws: StreamingError.self) { _ = try StreamingClassifier(model: model, inputRate: rate) }
    }

    @Test func `the state is starting until the first window`() throws {
        let result = try estimates(music(seconds: 5, rate: 22_050), rate: 22_050)
        let window = FrontEnd.version1.duration(frames: 50)
        for estimate in result {
            #expect((estimate.state == .starting) == (estimate.position < window - 1e-9))
            #expect((estimate.windowProbabilities == nil) == (estimate.position < window - 1e-9))
            #expect(abs(estimate.probabilities.reduce(0, +) - 1) < 1e-4)
        }
        let last = try #require(result.last)
        #expect(abs(last.position - 5) < 0.07)
    }

    @Test func `silence is published, and ends with the sound`() throws {
        let rate = 22_050
        let samples =
            music(seconds: 6, rate: rate) + [Float](repeating: 0, count: 5 * rate) + music(seconds: 6, rate: rate)
        let result = try estimates(samples, rate: rate)
        func states(_ range: ClosedRange<Double>) -> Set<EstimatorState> {
            Set(result.filter { range.contains($0.position) }.map(\.state))
        }
        #expect(!states(3.5...6).contains(.silence))
        #expect(states(8.5...11) == [.silence])
        #expect(!states(11.6...16).contains(.silence))
        #expect(result.filter { (7...11).contains($0.position) }.allSatisfy { $0.level == -120 })
    }

    @Test(arguments: ["silence", "square", "nan", "infinity", "dc", "sweep", "huge", "denormal", "random bits"])
    func `any input gives valid probabilities`(kind: String) throws {
        let rate = 48_000
        var generator = SplitMix(state: 11)
        let samples = (0..<(5 * rate)).map { index -> Float in
            let time = Double(index) / Double(rate)
            switch kind {
            case "silence": return 0
            case "square": return index / 50 % 2 == 0 ? 1 : -1
            case "nan": return index % 3 == 0 ? .nan : 0.3
            case "infinity": return index % 5 == 0 ? (index % 2 == 0 ? .infinity : -.infinity) : 0.3
            case "dc": return 0.7
            case "sweep": return Float(0.8 * sin(2 * .pi * time * (1 + 11_000 * time / 10)))
            case "huge": return index % 2 == 0 ? 1e38 : -1e38
            case "denormal": return .leastNonzeroMagnitude
            default: return Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
            }
        }
        let result = try estimates(samples, rate: rate, chunk: { 4800 })
        #expect(result.count > 15 && result.contains { $0.windowProbabilities != nil })
        for estimate in result {
            #expect(estimate.probabilities.allSatisfy { $0.isFinite && $0 >= 0 && $0 <= 1 })
            #expect(estimate.windowProbabilities?.allSatisfy { $0.isFinite && $0 >= 0 && $0 <= 1 } ?? true)
            #expect(estimate.confidence.isFinite && estimate.level.isFinite && estimate.level >= -120)
        }
    }

    /// At 48 kHz, so that the resampler is included.
    @Test func `after a reset the classifier is as new`() throws {
        let samples = music(seconds: 5, rate: 48_000)
        let classifier = try StreamingClassifier(model: randomModel(), inputRate: 48_000)
        var runs: [[Snapshot]] = []
        for _ in 0..<2 {
            var result: [Snapshot] = []
            classifier.process(samples.span) { result.append(Snapshot($0)) }
            runs.append(result)
            classifier.reset()
        }
        #expect(runs[0] == runs[1])
    }

    @Test(arguments: [8_000, 11_025, 16_000, 22_050, 32_000, 37_800, 44_056, 44_100, 48_000, 88_200, 96_000, 192_000])
    func `a warm stream allocates nothing`(rate: Int) throws {
        let samples = music(seconds: 12, rate: rate)
        // Both kinds of network.
        let model = try rate == 44_100 ? randomModel(architecture: small2DArchitecture) : randomModel()
        let classifier = try StreamingClassifier(model: model, inputRate: rate)
        let ring = SampleRing(minimumCapacity: rate / 2)
        let buffer = OwnedBuffer<Float>(repeating: 0, count: 2048)
        let block = buffer.elements
        var sum: Float = 0
        /// Runs the path from the ring to estimates, in pieces of a sound card's period.
        func play(_ range: Range<Int>) {
            var start = range.lowerBound
            while start < range.upperBound {
                let count = min(960, range.upperBound - start)
                ring.write(samples.span.extracting(start..<start + count))
                start += count
                while true {
                    let read = ring.read(into: block)
                    guard read > 0 else { break }
                    classifier.process(block.span.extracting(first: read)) {
                        sum += $0.confidence + $0.probabilities[0]
                    }
                }
            }
        }
        play(0..<(4 * rate))
        let frames = classifier.frames
        allocation_counter_start()
        play((4 * rate)..<(12 * rate))
        let allocations = allocation_counter_stop()
        #expect(classifier.frames - frames > 130)
        #expect(sum > 0)
        #expect(allocations == 0)
    }

    @Test func `the allocation counter sees Swift's allocations`() {
        allocation_counter_start()
        let array = [Int](repeating: 1, count: Int.random(in: 100...200))
        let allocations = allocation_counter_stop()
        #expect(array.count >= 100)
        #expect(allocations >= 1)
    }
}
