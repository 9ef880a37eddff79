// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Capture

/// The requirements on every kind of source.
@Suite(.serialized)
struct LifecycleTests {
    /// URIs of sources that work without a server, each in another state when it is stopped.
    static let uris: [String] = {
        let tone = Signals.sine(440, rate: 48_000, seconds: 0.2)
        let fifo = TestEnvironment.path("lifecycle.fifo")
        mkfifo(fifo, 0o600)
        let file = (try? Signals.file(Signals.wav(tone, rate: 48_000))) ?? ""
        return [
            "file:\(file)?pace=fast&loop=true", "file:\(file)?loop=true", "file:/missing.wav", "pipe:\(fifo)",
            "pipe:/missing.fifo", "alsa:null", "alsa:nonsense", "pulse:x?server=unix:/missing",
        ]
    }()

    @Test(arguments: uris)
    func `after stop nothing reaches the sink, whenever stop comes`(uri: String) throws {
        for round in 0..<40 {
            let source = try SourceURI(parsing: uri).makeSource()
            let sink = RecordingSink(keeping: 0)
            try source.start(sink)
            usleep(UInt32(round * round * 7))
            let start = ContinuousClock.now
            source.stop()
            sink.close()
            #expect(ContinuousClock.now - start < .milliseconds(800))
            source.stop()
            usleep(500)
            #expect(sink.record.late == 0)
        }
    }

    @Test func `a pipe whose writer never pauses is stopped at once, and nothing follows`() async throws {
        let path = TestEnvironment.path("endless.fifo")
        try #require(mkfifo(path, 0o600) == 0)
        let writer = try ChildProcess(shell: "exec cat /dev/zero 1<>'\(path)'")
        defer { writer.end() }
        let reader = try ReadingThread.start()
        for _ in 0..<100 {
            let source = try SourceURI(parsing: "pipe:\(path)?rate=48000&channels=2&format=s16le").makeSource()
            let sink = RecordingSink(keeping: 0)
            try source.start(sink, on: reader)
            #expect(await sink.wait { $0.count > 100_000 })
            source.stop()
            sink.close()
            usleep(2000)
            #expect(sink.record.late == 0)
        }
    }

    @Test(arguments: uris)
    func `a thousand starts and stops leave no descriptor and no thread behind`(uri: String) throws {
        func cycle() throws {
            let source = try SourceURI(parsing: uri).makeSource()
            try source.start(RecordingSink(keeping: 0))
            if Bool.random() { usleep(UInt32.random(in: 0...300)) }
            source.stop()
        }
        for _ in 0..<10 { try cycle() }
        let (descriptors, threads) = (openDescriptors(), threadCount())
        for _ in 0..<1000 { try cycle() }
        // Other suites run at the same time, and have some of their own.
        #expect(openDescriptors() < descriptors + 60)
        #expect(threadCount() < threads + 60)
    }

    @Test(arguments: uris)
    func `a source that nobody holds any more stops by itself`(uri: String) throws {
        let sink = RecordingSink(keeping: 0)
        try { try SourceURI(parsing: uri).makeSource().start(sink) }()
        sink.close()
        usleep(5000)
        #expect(sink.record.late == 0)
    }

    @Test func `starting twice starts once, and starting after stop does nothing`() async throws {
        let path = try Signals.file(Signals.wav(Signals.sine(440, rate: 48_000, seconds: 0.1), rate: 48_000))
        let source = try SourceURI(parsing: "file:\(path)?pace=fast").makeSource()
        let (first, second) = (RecordingSink(), RecordingSink())
        try source.start(first)
        try source.start(second)
        #expect(await first.wait { $0.isEnded })
        source.stop()
        try source.start(second)
        usleep(20_000)
        #expect(second.record.events.isEmpty)
    }

    @Test func `several threads may stop a source; each returns when all is quiet`() throws {
        for _ in 0..<50 {
            let source = try SourceURI(parsing: Self.uris[0]).makeSource()
            let sink = RecordingSink(keeping: 0)
            try source.start(sink)
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                source.stop()
                sink.close()
            }
            #expect(sink.record.late == 0)
        }
    }

    @Test func `stop waits for a sink that blocks`() throws {
        let source = try SourceURI(parsing: Self.uris[0]).makeSource()
        let sink = BlockingSink()
        try source.start(sink)
        sink.isBlocked.wait()
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.1) { sink.release.signal() }
        source.stop()
        #expect(sink.deliveries.load(ordering: .relaxed) == 1)
    }

    @Test func `the pauses between attempts double from a quarter of a second to five seconds, until reset`() {
        var backoff = Backoff()
        #expect((0..<7).map { _ in backoff.next() } == [0.25, 0.5, 1, 2, 4, 5, 5])
        backoff.reset()
        #expect(backoff.next() == 0.25)
    }

    @Test func `stopping interrupts a pause at once`() throws {
        let signal = try StopSignal()
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { signal.raise() }
        let start = ContinuousClock.now
        #expect(!signal.wait(10))
        #expect(ContinuousClock.now - start < .seconds(1))
        #expect(!signal.wait(10))
    }

    private func threadCount() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
    }
}

/// Keeps its first delivery until it is released.
private final class BlockingSink: PipeSink {
    let isBlocked = DispatchSemaphore(value: 0)
    let release = DispatchSemaphore(value: 0)
    let deliveries = Atomic<Int>(0)

    var hasRoom: Bool { true }

    func handle(_ event: CaptureEvent) {}

    func process(_ samples: UnsafeBufferPointer<Float>) {
        deliveries.add(1, ordering: .relaxed)
        isBlocked.signal()
        release.wait()
    }
}
