// SPDX-License-Identifier: GPL-3.0-or-later

import Dispatch
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Capture

struct PipeReaderTests {
    private let tone = Signals.sine(440, rate: 48_000, seconds: 2)

    private func makeFIFO() throws -> String {
        let path = TestEnvironment.path("one.fifo")
        try #require(mkfifo(path, 0o600) == 0)
        return path
    }

    private func listen(_ path: String, _ sink: any PipeSink, to reader: PipeReader) throws -> AudioSource {
        let source = try SourceURI(parsing: "pipe:\(path)?rate=48000&channels=2&format=s16le").makeSource()
        try source.start(sink, on: reader)
        return source
    }

    @Test func `all pipes are read to their end, whatever the pieces they come in`() async throws {
        let reader = try ReadingThread.start()
        let file = try Signals.file(Signals.encode(tone, .int16, channels: 2))
        let paths = try (0..<80).map { _ in try makeFIFO() }
        let sinks = paths.map { _ in RecordingSink() }
        let sources = try zip(paths, sinks).map { try listen($0, $1, to: reader) }
        defer { for source in sources { source.stop() } }
        let writers = try paths.enumerated().map { index, path in
            try ChildProcess(shell: "dd if='\(file)' of='\(path)' bs=\(1000 + 977 * index) status=none")
        }
        for (sink, writer) in zip(sinks, writers) {
            #expect(await sink.wait { $0.waits.count == 2 })
            #expect(sink.record.count == tone.count)
            #expect(zip(sink.record.samples, tone).allSatisfy { abs($0 - $1) < 1e-4 })
            writer.end()
        }
    }

    @Test(.ffmpeg) func `a pipe that is fed in real time is read about once an update`() async throws {
        let reader = try ReadingThread.start()
        let path = try makeFIFO()
        let sink = UpdateSink(rate: 48_000)
        let source = try listen(path, sink, to: reader)
        defer { source.stop() }
        // 50 pieces a second, in real time.
        let file = try Signals.file(Signals.encode(Signals.sine(440, rate: 48_000, seconds: 12), .int16, channels: 2))
        let writer = try ChildProcess(
            shell: "ffmpeg -v error -re -f s16le -ar 48000 -ac 2 -i '\(file)' -f s16le - >'\(path)'")
        defer { writer.end() }
        #expect(await sink.inner.wait { $0.count >= 7 * 48_000 })
        let (before, count) = (reader.progress, sink.inner.record.count)
        #expect(await sink.inner.wait { $0.count >= 11 * 48_000 })
        let updates = Double(sink.inner.record.count - count) / 48_000 / 0.24
        // As its data arrives it would be read twelve times an update. A busy machine writes and reads late.
        #expect(Double(reader.progress - before) <= 8 * updates)
        #expect(await sink.inner.wait { $0.count == 12 * 48_000 }, "nothing is lost, and its end is seen")
    }

    @Test(arguments: ["cat /dev/zero", "while cat '%'; do :; done"])
    func `a pipe that never pauses, or opens streams without end, leaves the others their turn`(command: String)
        async throws
    {
        let reader = try ReadingThread.start()
        let headers = try Signals.file((0..<400).flatMap { _ in Signals.wav([0], rate: 48_000, channels: 2) })
        let (loud, other) = (try makeFIFO(), try makeFIFO())
        let (loudSink, sink) = (RecordingSink(keeping: 0), RecordingSink())
        let sources = [try listen(loud, loudSink, to: reader), try listen(other, sink, to: reader)]
        defer { for source in sources { source.stop() } }
        // It ends by itself when its reader is gone.
        let writer = try ChildProcess(shell: "\(command.replacing("%", with: headers)) >'\(loud)' 2>/dev/null")
        defer { writer.end() }
        #expect(await loudSink.wait { $0.count > 1000 })
        try await TestEnvironment.run("cat '\(Signals.file(Signals.encode(tone, .int16, channels: 2)))' >'\(other)'")
        #expect(await sink.wait { $0.count == tone.count })
    }

    @Test func `while a sink has no room only its writer waits, and nothing is lost`() async throws {
        let reader = try ReadingThread.start()
        let bytes = Signals.encode(tone, .int16, channels: 2)
        let (full, other) = (FullSink(), RecordingSink())
        let paths = [try makeFIFO(), try makeFIFO()]
        let sources = [try listen(paths[0], full, to: reader), try listen(paths[1], other, to: reader)]
        defer { for source in sources { source.stop() } }
        let writer = try ChildProcess(shell: "cat '\(Signals.file(bytes))' >'\(paths[0])'")
        defer { writer.end() }
        try await TestEnvironment.run("cat '\(Signals.file(bytes))' >'\(paths[1])'")
        #expect(await other.wait { $0.count == tone.count })
        #expect(full.inner.record.count == 0 && writer.isRunning)
        #expect(!reader.hasWork, "what nobody may read is no work")
        full.hasRoom = true
        reader.wake()
        #expect(await full.inner.wait { $0.waits.count == 2 })
        #expect(full.inner.record.samples.count == tone.count)
    }

    @Test func `any thread wakes it, and it returns once for all earlier calls`() throws {
        let reader = try PipeReader()
        for _ in 0..<100 {
            DispatchQueue.concurrentPerform(iterations: 4) { _ in reader.wake() }
            #expect(reader.hasWork)
            #expect(reader.poll(waitingFor: .infinity))
            #expect(!reader.hasWork && !reader.poll(waitingFor: 0))
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { reader.wake() }
        #expect(reader.poll(waitingFor: .infinity))
    }
}

/// Has no room until the test says so.
private final class FullSink: PipeSink {
    let inner = RecordingSink()
    private let room = Atomic<Bool>(false)

    var hasRoom: Bool {
        get { room.load(ordering: .acquiring) }
        set { room.store(newValue, ordering: .releasing) }
    }

    func handle(_ event: CaptureEvent) { inner.handle(event) }

    func process(_ samples: UnsafeBufferPointer<Float>) { inner.process(samples) }
}

/// Wants to be fed every 0.24 s.
private final class UpdateSink: PipeSink {
    let inner = RecordingSink(keeping: 0)
    private let rate: Double

    init(rate: Double) { self.rate = rate }

    var hasRoom: Bool { true }

    var demand: AudioDemand? {
        let heard = Double(inner.record.count) / rate
        return AudioDemand(heard: heard, next: ((heard / 0.24).rounded(.down) + 1) * 0.24)
    }

    func handle(_ event: CaptureEvent) { inner.handle(event) }

    func process(_ samples: UnsafeBufferPointer<Float>) { inner.process(samples) }
}
