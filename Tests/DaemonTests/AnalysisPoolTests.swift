// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Foundation
import Streaming
import Synchronization
import TestSupport
import Testing

@testable import genred

struct AnalysisPoolTests {
    private let settings: AnalysisSettings

    init() throws { settings = try .usual() }

    /// The classifier's estimates of the same samples without the hand-overs in between.
    private func expected(_ samples: [Float], rate: Int = 22_050) throws -> (
        positions: [Double], states: [EstimatorState]
    ) {
        let classifier = try StreamingClassifier(model: settings.model, inputRate: rate)
        var (positions, states): ([Double], [EstimatorState]) = ([], [])
        func record(_ estimate: StreamingClassifier.Estimate) {
            positions.append(estimate.position)
            states.append(estimate.state)
        }
        classifier.process(samples.span, record)
        classifier.finish(record)
        return (positions, states)
    }

    @Test(arguments: [1, 100, 4096, 100_000])
    func `a source that can wait loses nothing, whatever its chunks`(chunk: Int) async throws {
        let listener = Listener()
        let pool = AnalysisPool(listener: listener, mostWorkers: 2)
        let place = try #require(try pool.addRing(isRealTime: false, settings: settings))
        let input = place.input
        listener.wake.withLock { $0 = place.wake }
        let samples = noise(seconds: chunk == 1 ? 8 : 60)
        let done = DispatchSemaphore(value: 0)
        Thread {
            input.handle(.opened(.mono()))
            samples.withUnsafeBufferPointer { buffer in
                for start in stride(from: 0, to: buffer.count, by: chunk) {
                    input.process(UnsafeBufferPointer(rebasing: buffer[start..<min(start + chunk, buffer.count)]))
                }
            }
            input.handle(.ended(nil))
            done.signal()
        }.start()
        #expect(await eventually { listener.state.withLock { $0.events.last } == "ended" })
        pool.stop()
        let (positions, states) = try expected(samples)
        #expect(listener.state.withLock { $0.positions } == positions)
        #expect(listener.state.withLock { $0.states } == states)
        #expect(input.dropped == 0)
    }

    @Test func `a hub that does not read makes files wait and loses nothing`() async throws {
        let listener = Listener()
        listener.isHeld.raise()
        let pool = AnalysisPool(listener: listener, mostWorkers: 1)
        let place = try #require(try pool.addRing(isRealTime: false, settings: settings))
        let input = place.input
        listener.wake.withLock { $0 = place.wake }
        let samples = noise(seconds: 60)
        Thread {
            input.handle(.opened(.mono()))
            samples.withUnsafeBufferPointer { input.process($0) }
            input.handle(.ended(nil))
        }.start()
        // The ring of estimates is full long before the end.
        try await Task.sleep(for: .milliseconds(300))
        #expect(listener.state.withLock { $0.events } == ["opened"])
        #expect(
            await eventually {
                listener.collect()
                return listener.state.withLock { $0.events.last } == "ended"
            })
        listener.collect()
        pool.stop()
        #expect(listener.state.withLock { $0.positions } == (try expected(samples).positions))
    }

    @Test(arguments: [true, false])
    func `pipes that one worker reads lose nothing, also where the hub does not read for a while`(
        isHeld: Bool
    ) async throws {
        let folder = try TemporaryFolder()
        let count = isHeld ? 1 : 20
        let listeners = (0..<count).map { _ in Listener() }
        let shared = Fan(listeners)
        let pool = AnalysisPool(listener: shared, mostWorkers: 1)
        let samples = noise(seconds: 30)
        let bytes = samples.withUnsafeBytes { Array($0) }
        var sources: [AudioSource] = []
        for (index, listener) in listeners.enumerated() {
            if isHeld { listener.isHeld.raise() }
            let path = folder.file("fifo\(index)")
            try #require(mkfifo(path, 0o600) == 0)
            let source = try SourceURI(parsing: "pipe:\(path)?rate=22050&channels=1&format=f32le").makeSource()
            let place = try #require(try pool.addPipe(settings: settings))
            shared.assign(place.slot, to: index)
            listener.wake.withLock { $0 = place.wake }
            try source.start(in: place)
            sources.append(source)
            Thread {
                let writer = open(path, O_WRONLY | O_CLOEXEC)
                var rest = bytes[...]
                while !rest.isEmpty {
                    rest = rest.dropFirst(max(0, rest.withUnsafeBytes { write(writer, $0.baseAddress, $0.count) }))
                }
                close(writer)
            }.start()
        }
        if isHeld {
            // The ring of estimates is full long before the end.
            try await Task.sleep(for: .milliseconds(300))
            #expect(!listeners[0].state.withLock { $0.events }.contains("closed", after: "opened"))
        }
        // Events and estimates travel separately: the stream's last estimate may come after its end.
        let positions = try expected(samples).positions
        #expect(
            await eventually {
                for listener in listeners { listener.collect() }
                return listeners.allSatisfy {
                    $0.state.withLock {
                        $0.events.contains("closed", after: "opened") && $0.positions.count >= positions.count
                    }
                }
            })
        for listener in listeners {
            listener.collect()
            #expect(listener.state.withLock { $0.positions } == positions)
        }
        for source in sources { source.stop() }
        pool.stop()
    }

    /// The events of one stream are handled before the next one: headers fill neither memory nor the worker's time.
    @Test func `streams that begin without end leave room for the one with audio`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("fifo")
        try #require(mkfifo(path, 0o600) == 0)
        let listener = Listener()
        let pool = AnalysisPool(listener: listener, mostWorkers: 1)
        let source = try SourceURI(parsing: "pipe:\(path)").makeSource()
        let place = try #require(try pool.addPipe(settings: settings))
        listener.wake.withLock { $0 = place.wake }
        try source.start(in: place)
        let pairs =
            WAV.header(rate: 22_050, dataBytes: 0) + WAV.header(rate: 22_050, channels: 0, dataBytes: 0)
        let flood = (0..<1500).flatMap { _ in pairs }
        var audio = WAV.header(rate: 22_050, dataBytes: 0)
        audio += noise(seconds: 5).flatMap { sample in
            withUnsafeBytes(of: Int16(sample * 8000).littleEndian) { Array($0) }
        }
        Thread { [flood, audio] in
            let writer = open(path, O_WRONLY | O_CLOEXEC)
            var rest = (flood + audio)[...]
            while !rest.isEmpty {
                rest = rest.dropFirst(max(0, rest.withUnsafeBytes { write(writer, $0.baseAddress, $0.count) }))
            }
            close(writer)
        }.start()
        #expect(
            await eventually {
                listener.collect()
                return listener.state.withLock { ($0.positions.max() ?? 0) > 4.5 }
            })
        // A writer without audio gets one report of a refusal, not fifteen hundred.
        #expect(listener.state.withLock { $0.events.count { $0 == "closed" } } < 5)
        source.stop()
        pool.stop()
    }

    @Test func `other settings take over between two windows, and nothing starts anew`() async throws {
        let listener = Listener()
        let pool = AnalysisPool(listener: listener, mostWorkers: 1)
        let input = try #require(
            try pool.addRing(isRealTime: false, settings: settings)
        ).input
        input.handle(.opened(.mono()))
        let samples = noise(seconds: 5)
        samples.withUnsafeBufferPointer { input.process($0) }
        #expect(await eventually { (listener.state.withLock { $0.positions.last } ?? 0) > 4.5 })
        var slower = settings
        slower.updateInterval = 0.48
        try input.use(slower)
        #expect(await eventually { listener.state.withLock { $0.events } == ["opened", "replaced"] })
        let count = listener.state.withLock { $0.positions.count }
        samples.withUnsafeBufferPointer { input.process($0) }
        input.handle(.ended(nil))
        #expect(await eventually { listener.state.withLock { $0.events.last } == "ended" })
        pool.stop()
        let after = listener.state.withLock { Array($0.positions[count...]) }
        #expect(try #require(after.first) > 4.9)
        #expect(abs(try #require(after.last) - 10) < 0.15)
        let steps = zip(after, after.dropFirst()).dropLast().map { $1 - $0 }
        #expect(steps.allSatisfy { abs($0 - 0.48) < 1e-6 })
        #expect(listener.state.withLock { !$0.states[count...].contains(.starting) })
    }

    @Test func `a source without a stream gets other settings for its next one`() async throws {
        let listener = Listener()
        let pool = AnalysisPool(listener: listener, mostWorkers: 1)
        let input = try #require(
            try pool.addRing(isRealTime: false, settings: settings)
        ).input
        var slower = settings
        slower.updateInterval = 0.96
        try input.use(slower)
        #expect(
            await eventually {
                listener.state.withLock { $0.events } == ["labels \(settings.model.labels.count)"]
            })
        input.handle(.opened(.mono()))
        noise(seconds: 5).withUnsafeBufferPointer { input.process($0) }
        input.handle(.ended(nil))
        #expect(await eventually { listener.state.withLock { $0.events.last } == "ended" })
        pool.stop()
        #expect(listener.state.withLock { $0.positions.count } == 6)
        slower.updateInterval = 0.1
        #expect(throws: StreamingError.self) { try input.use(slower) }
    }

    @Test func `many sources on two workers are all heard to their end`() async throws {
        let listeners = (0..<20).map { _ in Listener() }
        let shared = Fan(listeners)
        let pool = AnalysisPool(listener: shared, mostWorkers: 2)
        let samples = noise(seconds: 20)
        for index in listeners.indices {
            let place = try #require(
                try pool.addRing(isRealTime: false, settings: settings))
            let input = place.input
            shared.assign(place.slot, to: index)
            listeners[index].wake.withLock { $0 = place.wake }
            Thread {
                input.handle(.opened(.mono()))
                samples.withUnsafeBufferPointer { input.process($0) }
                input.handle(.ended(nil))
            }.start()
        }
        #expect(
            await eventually {
                listeners.allSatisfy { $0.state.withLock { $0.events.last } == "ended" }
            })
        pool.stop()
        let positions = try expected(samples).positions
        for listener in listeners { #expect(listener.state.withLock { $0.positions } == positions) }
    }

    @Test func `slots are used again`() async throws {
        let listener = Listener()
        let pool = AnalysisPool(listener: listener, mostWorkers: 2)
        for _ in 0..<3 {
            var slots: Set<Int> = []
            var isNew = true
            // Slots that were just removed come back when their worker has released them.
            #expect(
                await eventually {
                    while let place = try? pool.addRing(isRealTime: true, settings: settings) {
                        isNew = isNew && slots.insert(place.slot).inserted
                    }
                    return slots.count == AnalysisPool.slots
                })
            #expect(isNew)
            for slot in slots { pool.remove(slot: slot) }
        }
        pool.stop()
    }
}

extension [String] {
    fileprivate func contains(_ event: String, after first: String) -> Bool {
        firstIndex(of: first).map { self[$0...].contains(event) } ?? false
    }
}

extension AudioSource {
    /// Starts a pipe in its place of the analysis.
    fileprivate func start(in place: AnalysisPool.Place<PipeInput>) throws {
        guard case .pipe(let source) = self else { throw StartError(.system, "the source is not a pipe") }
        source.start(place.input, on: place.input.reader)
    }
}
