// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import Synchronization
import Testing

@testable import Capture

/// What must hold for every kind of source.
@Suite("Starting and stopping", .serialized)
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

    @Test("After stop nothing reaches the sink, whenever it comes", arguments: uris)
    func nothingAfterStop(uri: String) throws {
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

    @Test("A thousand starts and stops leave no descriptor and no thread behind", arguments: uris)
    func leaks(uri: String) throws {
        func cycle() throws {
            let source = try SourceURI(parsing: uri).makeSource()
            try source.start(RecordingSink(keeping: 0))
            if Bool.random() { usleep(UInt32.random(in: 0...300)) }
            source.stop()
        }
        for _ in 0..<10 { try cycle() }
        let (descriptors, threads) = (openDescriptors(), threadCount())
        for _ in 0..<1000 { try cycle() }
        // Other suites run meanwhile, with some of their own.
        #expect(openDescriptors() < descriptors + 60)
        #expect(threadCount() < threads + 60)
    }

    @Test("A source that nobody holds any more stops by itself", arguments: uris)
    func released(uri: String) throws {
        let sink = RecordingSink(keeping: 0)
        try { try SourceURI(parsing: uri).makeSource().start(sink) }()
        sink.close()
        usleep(5000)
        #expect(sink.record.late == 0)
    }

    @Test("Starting twice starts once, starting after stop does nothing")
    func startedOnce() async throws {
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

    @Test("Several threads may stop a source; each returns when all is quiet")
    func stoppedByMany() throws {
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

    @Test("A sink that blocks is waited for, for what is delivered is delivered")
    func blockedSink() throws {
        let source = try SourceURI(parsing: Self.uris[0]).makeSource()
        let sink = BlockingSink()
        try source.start(sink)
        sink.isBlocked.wait()
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.1) { sink.release.signal() }
        source.stop()
        #expect(sink.deliveries.load(ordering: .relaxed) == 1)
    }

    @Test("The pauses between attempts double from a quarter second to five, and begin anew")
    func backoff() {
        var backoff = Backoff()
        #expect((0..<7).map { _ in backoff.next() } == [0.25, 0.5, 1, 2, 4, 5, 5])
        backoff.reset()
        #expect(backoff.next() == 0.25)
    }

    @Test("Stopping interrupts a pause at once")
    func interrupted() throws {
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
private final class BlockingSink: AudioSink {
    let isBlocked = DispatchSemaphore(value: 0)
    let release = DispatchSemaphore(value: 0)
    let deliveries = Atomic<Int>(0)

    func handle(_ event: CaptureEvent) {}

    func deliver(_ samples: UnsafeBufferPointer<Float>) {
        deliveries.add(1, ordering: .relaxed)
        isBlocked.signal()
        release.wait()
    }
}
