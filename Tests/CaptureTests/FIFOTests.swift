// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport
import Testing

@testable import Capture

struct FIFOTests {
    private let tone = Signals.sine(440, rate: 44_100, seconds: 0.5)

    private func makeFIFO() throws -> String {
        let path = TestEnvironment.path("radio.fifo")
        try #require(mkfifo(path, 0o600) == 0)
        return path
    }

    /// Opens the FIFO as a writer does and writes, on a thread that may block.
    private func write(_ bytes: [UInt8], to path: String) async {
        await withCheckedContinuation { done in
            Thread.detachNewThread {
                let file = open(path, O_WRONLY | O_CLOEXEC)
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                    guard count > 0 else { break }
                    rest = rest.dropFirst(count)
                }
                close(file)
                done.resume()
            }
        }
    }

    private func listen(_ path: String, _ options: String = "") throws -> (AudioSource, RecordingSink) {
        let source = try SourceURI(parsing: "pipe:\(path)\(options)").makeSource()
        let sink = RecordingSink()
        try source.start(sink)
        return (source, sink)
    }

    @Test func `writers come and go, each with its own header; between them the source waits`() async throws {
        let path = try makeFIFO()
        let (source, sink) = try listen(path)
        defer { source.stop() }
        #expect(await sink.wait { $0.waits.count == 1 })
        for (index, rate) in [44_100, 48_000, 8_000].enumerated() {
            await write(Signals.wav(tone, rate: rate, channels: 2, dataSize: index == 1 ? .max : nil), to: path)
            #expect(await sink.wait { $0.waits.count == index + 2 })
            #expect(sink.record.formats.last?.sampleRate == rate)
            #expect(sink.record.count == (index + 1) * tone.count)
        }
        #expect(sink.record.formats.last?.device == path)
        #expect(!sink.record.isEnded)
    }

    @Test func `writers that follow at once lose nothing, and each is decoded by its own header`() async throws {
        let path = try makeFIFO()
        let (source, sink) = try listen(path)
        defer { source.stop() }
        let rates = (0..<20).map { 8_000 + 1000 * $0 }
        for rate in rates { await write(Signals.wav(tone, rate: rate), to: path) }
        #expect(await sink.wait { $0.count == rates.count * tone.count })
        #expect(sink.record.formats.map(\.sampleRate) == rates)
    }

    @Test func `a writer that dies in the middle of a frame does not shift the next one's frames`() async throws {
        let path = try makeFIFO()
        let (source, sink) = try listen(path, "?rate=44100&channels=2&format=s16le")
        defer { source.stop() }
        let frames = Signals.encode(tone, .int16, channels: 2)
        for writer in 1...3 {
            await write(Array(frames.dropLast(writer)), to: path)
            #expect(await sink.wait { $0.waits.count == writer + 1 })
        }
        #expect(sink.record.count == 3 * (tone.count - 1))
        #expect(zip(sink.record.samples.suffix(tone.count - 1), tone).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test func `a writer that contradicts the URI is reported and skipped; the next one is decoded`() async throws {
        let path = try makeFIFO()
        let (source, sink) = try listen(path, "?rate=48000")
        defer { source.stop() }
        for writer in 1...2 {
            await write(Signals.wav(tone, rate: 44_100), to: path)
            #expect(await sink.wait { $0.losses.count == writer && $0.waits.count == writer + 1 })
        }
        let error = try #require(sink.record.losses.first)
        #expect(error.code == .formatMismatch && error.message.contains("44100 Hz, not 48000"))
        #expect(error.message.contains(path))
        await write(Signals.wav(tone, rate: 48_000), to: path)
        #expect(await sink.wait { $0.count == tone.count })
    }

    @Test func `the writer waits while the sink is busy, and nothing is lost`() async throws {
        let path = try makeFIFO()
        let source = try SourceURI(parsing: "pipe:\(path)").makeSource()
        let sink = SlowSink()
        try source.start(sink)
        defer { source.stop() }
        let long = Signals.sine(440, rate: 48_000, seconds: 8)
        let start = ContinuousClock.now
        await write(Signals.wav(long, rate: 48_000), to: path)
        // Of 750 KiB the pipe and the reader hold at most 352; each 16 KiB of the rest takes 50 ms.
        #expect(ContinuousClock.now - start > .milliseconds(500))
        #expect(await sink.inner.wait { $0.count == long.count })
    }

    @Test func `a FIFO that vanishes is lost, and opened again when it is back`() async throws {
        let path = try makeFIFO()
        let (source, sink) = try listen(path)
        defer { source.stop() }
        #expect(await sink.wait { $0.waits.count == 1 })
        unlink(path)
        #expect(await sink.wait { $0.losses.count >= 1 })
        try #require(mkfifo(path, 0o600) == 0)
        #expect(await sink.wait { $0.waits.count == 2 })
        await write(Signals.wav(tone, rate: 48_000), to: path)
        #expect(await sink.wait { $0.count == tone.count })
    }

    @Test func `a FIFO that is missing at the start is reported, and read when it is made`() async throws {
        let path = TestEnvironment.path("later.fifo")
        let (source, sink) = try listen(path)
        defer { source.stop() }
        #expect(await sink.wait { $0.losses.count == 1 })
        #expect(sink.record.losses.first?.message.contains("mkfifo \(path)") == true)
        try #require(mkfifo(path, 0o600) == 0)
        #expect(await sink.wait { $0.waits.count == 1 })
        await write(Signals.wav(tone, rate: 48_000), to: path)
        #expect(await sink.wait { $0.count == tone.count })
        #expect(sink.record.losses.count == 1)
    }

    @Test
    func `a FIFO that is replaced while its writer pauses is opened again; one that only loses its name is still read`()
        async throws
    {
        let path = try makeFIFO()
        let (source, sink) = try listen(path)
        defer { source.stop() }
        #expect(await sink.wait { $0.waits.count == 1 })
        let writer = open(path, O_WRONLY | O_CLOEXEC)
        defer { close(writer) }
        let header = Signals.wav(tone, rate: 48_000, dataSize: .max)
        #expect(Glibc.write(writer, header, header.count) == header.count)
        unlink(path)
        try await Task.sleep(for: .seconds(1.2))
        #expect(sink.record.losses.isEmpty && sink.record.count == tone.count)
        try #require(mkfifo(path, 0o600) == 0)
        await write(Signals.wav(tone, rate: 32_000), to: path)
        #expect(await sink.wait { $0.formats.last?.sampleRate == 32_000 })
        #expect(sink.record.losses.map(\.code) == [.disconnected])
    }

    @Test func `a path that is not a FIFO is an error that says what to do`() async throws {
        let file = try Signals.file([1, 2, 3])
        for (path, hint) in [(file, "file:\(file)"), ("/tmp", "directory"), ("/dev/zero", "device")] {
            let (source, sink) = try listen(path)
            #expect(await sink.wait { $0.isEnded })
            #expect(sink.record.failure?.code == .cannotOpen)
            #expect(sink.record.failure?.message.contains(hint) == true, "\(sink.record.failure?.message ?? "")")
            source.stop()
        }
    }

    @Test(arguments: RealProgram.installed)
    func `streams of real programs are decoded`(program: RealProgram) async throws {
        let path = try makeFIFO()
        let (source, sink) = try listen(path)
        defer { source.stop() }
        try await TestEnvironment.run("\(program.command) >'\(path)' 2>/dev/null")
        #expect(await sink.wait { $0.waits.count == 2 })
        let record = sink.record
        #expect(record.losses.isEmpty)
        #expect(record.formats.first?.sampleRate == program.rate)
        #expect(record.formats.first?.encoding == program.encoding)
        #expect(abs(Double(record.count) / Double(program.rate) - 0.5) < 0.01)
    }

    enum RealProgram: String, CaseIterable {
        case ffmpeg, sox, arecord

        /// The programs that are installed here.
        static var installed: [RealProgram] { allCases.filter { Programs.has($0.rawValue) } }

        var rate: Int { self == .ffmpeg ? 32_000 : 44_100 }
        var encoding: String { self == .sox ? "S24" : "S16" }
        var command: String {
            switch self {
            case .ffmpeg: "ffmpeg -v error -f lavfi -i sine=r=32000:d=0.5 -ac 2 -f wav -"
            case .sox: "sox -n -r 44100 -b 24 -c 2 -t wav - synth 0.5 sine 440"
            case .arecord: "arecord -q -D null -f cd -s 22050 -t wav -"
            }
        }
    }
}

/// Takes 50 ms for each block, as a sink that is full does.
private final class SlowSink: PipeSink {
    let inner = RecordingSink()

    var hasRoom: Bool { true }

    func handle(_ event: CaptureEvent) { inner.handle(event) }

    func process(_ samples: UnsafeBufferPointer<Float>) {
        usleep(50_000)
        inner.process(samples)
    }
}
