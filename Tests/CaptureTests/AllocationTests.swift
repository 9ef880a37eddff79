// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import Dispatch
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Capture

@Suite("Allocations")
struct AllocationTests {
    @Test("The counter counts")
    func counts() {
        allocation_counter_start()
        let array = [Float](repeating: 1, count: Int.random(in: 100...200))
        #expect(allocation_counter_stop() > 0 && array.count >= 100)
    }

    @Test("Once warm, nothing is allocated", .ffmpeg, arguments: ["wav", "flac", "mp3", "ogg", "pipe", "alsa"])
    func noAllocations(kind: String) throws {
        let tone = Signals.sine(440, rate: 48_000, seconds: 30)
        let wav = Signals.wav(tone, rate: 48_000, channels: 2)
        let sink = CountingSink()
        let source: any AudioSource
        switch kind {
        case "alsa":
            source = try SourceURI(parsing: "alsa:null").makeSource()
            try source.start(sink)
        case "pipe":
            let path = TestEnvironment.path("allocations.fifo")
            try #require(mkfifo(path, 0o600) == 0)
            source = try SourceURI(parsing: "pipe:\(path)").makeSource()
            // Other tests' streams, which open on the shared thread, would count.
            source.start(sink, pipes: try ReadingThread.start())
            let writer = try ChildProcess(shell: "cat '\(Signals.file(wav))' >'\(path)'")
            sink.done.wait()
            writer.end()
        default:
            let path = try Signals.file(wav, "long.wav")
            let coded = TestEnvironment.path("long.\(kind)")
            let codec = kind == "ogg" ? "-c:a libvorbis" : ""
            let encoder = try ChildProcess(shell: "ffmpeg -v error -i '\(path)' \(codec) '\(coded)'")
            while encoder.isRunning { usleep(2000) }
            source = try SourceURI(parsing: "file:\(coded)?pace=fast&loop=true").makeSource()
            try source.start(sink)
        }
        #expect(sink.done.wait(timeout: .now() + 5) == .success)
        source.stop()
        #expect(sink.allocations == 0)
    }
}

/// Counts what the source's thread allocates between its 20th and 80th delivery.
///
/// `@unchecked Sendable`: `deliveries` is the source's thread's alone, `allocations` is read after `done`.
private final class CountingSink: AudioSink, @unchecked Sendable {
    let done = DispatchSemaphore(value: 0)
    private(set) var allocations = 0
    private var deliveries = 0

    func handle(_ event: CaptureEvent) {}

    func deliver(_ samples: UnsafeBufferPointer<Float>) {
        deliveries += 1
        if deliveries == 20 { allocation_counter_start() }
        if deliveries == 80 {
            allocations = allocation_counter_stop()
            // Twice, for who looks twice.
            done.signal()
            done.signal()
        }
    }
}
