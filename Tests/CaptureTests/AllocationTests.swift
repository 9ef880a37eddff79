// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import Dispatch
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Capture

struct AllocationTests {
    @Test func `the counters count`() {
        allocation_counter_start()
        let array = [Float](repeating: 1, count: Int.random(in: 100...200))
        #expect(allocation_counter_stop() > 0 && array.count >= 100)

        let number = Mutex(0)
        var mutex = pthread_mutex_t()
        pthread_mutex_init(&mutex, nil)
        lock_counter_start()
        for _ in 0..<3 { number.withLock { $0 += 1 } }
        pthread_mutex_lock(&mutex)
        pthread_mutex_unlock(&mutex)
        #if arch(x86_64)
            #expect(lock_counter_stop() == 4)
        #else
            #expect(lock_counter_stop() == 1)
        #endif
    }

    @Test(.ffmpeg, .serialized, arguments: ["wav", "flac", "mp3", "ogg", "pipe", "paced", "alsa"])
    func `once warm, nothing is allocated and no lock is taken`(kind: String) throws {
        let tone = Signals.sine(440, rate: 48_000, seconds: 30)
        let wav = Signals.wav(tone, rate: 48_000, channels: 2)
        // A pipe in real time is put off after some seconds, when it has been read as its data came 200 times and more.
        let sink = kind == "paced" ? CountingSink(from: 300, interval: 0.05) : CountingSink()
        let source: AudioSource
        switch kind {
        case "alsa":
            source = try SourceURI(parsing: "alsa:null").makeSource()
            try source.start(sink)
        case "pipe", "paced":
            let path = TestEnvironment.path("allocations.fifo")
            try #require(mkfifo(path, 0o600) == 0)
            source = try SourceURI(parsing: "pipe:\(path)").makeSource()
            // Other tests' streams, which open on the shared thread, would count.
            try source.start(sink, on: try ReadingThread.start())
            let file = try Signals.file(wav)
            let command = kind == "pipe" ? "cat '\(file)'" : "ffmpeg -v error -re -i '\(file)' -f wav -"
            let writer = try ChildProcess(shell: "\(command) >'\(path)'")
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
        // Counting locks steps through every instruction: a delivery of Vorbis takes many seconds.
        #expect(sink.done.wait(timeout: .now() + 120) == .success)
        source.stop()
        #expect(sink.allocations == 0)
        // libasound locks each PCM in each of its calls.
        if kind != "alsa" { #expect(sink.locks == 0) }
    }
}

/// Counts what the source's thread allocates in 60 deliveries, and the locks that it takes in the one after.
///
/// `@unchecked Sendable`: `deliveries` is the source's thread's alone, the counts are read after `done`.
private final class CountingSink: PipeSink, @unchecked Sendable {
    let done = DispatchSemaphore(value: 0)
    private(set) var allocations = 0
    private(set) var locks = 0
    private var deliveries = 0
    private var heard = 0
    private let first: Int
    private let interval: Double?

    /// - Parameters:
    ///   - first: the first delivery that counts.
    ///   - interval: seconds of audio from one estimate to the next, for a sink that says what it wants.
    init(from first: Int = 20, interval: Double? = nil) {
        self.first = first
        self.interval = interval
    }

    var demand: AudioDemand? {
        interval.map { interval in
            let seconds = Double(heard) / 48_000
            return AudioDemand(heard: seconds, next: ((seconds / interval).rounded(.down) + 1) * interval)
        }
    }

    var hasRoom: Bool { true }

    func handle(_ event: CaptureEvent) {}

    func process(_ samples: UnsafeBufferPointer<Float>) {
        deliveries += 1
        heard += samples.count
        switch deliveries - first {
        case 0: allocation_counter_start()
        case 60:
            allocations = allocation_counter_stop()
            lock_counter_start()
        case 61:
            locks = lock_counter_stop()
            // Twice, because the test may wait twice.
            done.signal()
            done.signal()
        default: break
        }
    }
}
