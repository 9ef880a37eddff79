// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Testing

@testable import Capture

struct FileSourceTests {
    private let tone = Signals.sine(440, rate: 44_100, seconds: 0.5)

    private func play(_ path: String, _ options: String) async throws -> RecordingSink.Record {
        let source = try SourceURI(parsing: "file:\(path)\(options)").makeSource()
        let sink = RecordingSink()
        try source.start(sink)
        #expect(await sink.wait { $0.isEnded })
        source.stop()
        return sink.record
    }

    @Test func `as fast as the sink takes it, a file is read whole`() async throws {
        let path = try Signals.file(Signals.wav(tone, rate: 44_100, channels: 2), "what is it?.wav")
        let record = try await play(path.replacing("?", with: "%3F"), "?pace=fast")
        #expect(record.failure == nil)
        #expect(record.formats == [StreamFormat(sampleRate: 44_100, channels: 2, encoding: "S16", device: path)])
        #expect(record.samples.count == tone.count)
        #expect(zip(record.samples, tone).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test func `in real time, a second takes a second`() async throws {
        let path = try Signals.file(Signals.wav(tone + tone, rate: 44_100))
        let record = try await play(path, "")
        let elapsed = try #require(record.times.last) - record.times[0]
        #expect(record.count == 2 * tone.count)
        #expect(elapsed > .milliseconds(999) && elapsed < .milliseconds(1500), "\(elapsed)")
    }

    @Test func `in a loop, a file does not end, and no sample is lost at the seam`() async throws {
        let path = try Signals.file(Signals.wav(tone, rate: 44_100, .float32))
        let source = try SourceURI(parsing: "file:\(path)?pace=fast&loop=true").makeSource()
        let sink = RecordingSink()
        try source.start(sink)
        #expect(await sink.wait { $0.count > 5 * tone.count })
        source.stop()
        let record = sink.record
        #expect(!record.isEnded && record.formats.count == 1)
        #expect(Array(record.samples.prefix(3 * tone.count)) == tone + tone + tone)
    }

    @Test(.ffmpeg, arguments: ["flac", "ogg", "opus", "mp3", "aiff", "w64"])
    func `every format of libsndfile is read`(kind: String) async throws {
        let path = TestEnvironment.path("tone.\(kind)")
        let codec = kind == "opus" ? "-c:a libopus" : kind == "ogg" ? "-c:a libvorbis" : ""
        try await TestEnvironment.run("ffmpeg -v error -f lavfi -i sine=440:r=48000:d=1 -ac 2 \(codec) '\(path)'")
        let record = try await play(path, "?pace=fast")
        #expect(record.failure == nil)
        #expect(record.formats.first?.sampleRate == 48_000 && record.formats.first?.channels == 2)
        #expect(abs(Double(record.count) / 48_000 - 1) < 0.1)
        let middle = Array(record.samples[10_000..<40_000])
        #expect(abs(Signals.frequency(middle, rate: 48_000) - 440) < 3)
        let names = ["flac": "FLAC", "ogg": "Vorbis", "opus": "Opus", "mp3": "MP3", "aiff": "S16", "w64": "S16"]
        #expect(record.formats.first?.encoding == names[kind])
    }

    @Test(.ffmpeg, arguments: ["wav", "flac", "ogg", "mp3"])
    func `a file that is cut off anywhere is read up to there`(kind: String) async throws {
        let path = TestEnvironment.path("whole.\(kind)")
        let codec = kind == "ogg" ? "-c:a libvorbis" : ""
        try await TestEnvironment.run("ffmpeg -v error -f lavfi -i anoisesrc=r=48000:d=8:a=0.3:s=1 \(codec) '\(path)'")
        let whole = try Data(contentsOf: URL(filePath: path))
        for share in [0.3, 0.5, 0.9] {
            let cut = try Signals.file([UInt8](whole.prefix(Int(Double(whole.count) * share))), "cut.\(kind)")
            let samples = try AudioFileReader(path: cut).readAll()
            let heard = Double(samples.count) / (8 * 48_000)
            // Ogg has pages of a second, and the one that is cut is lost.
            #expect(heard > share - 0.2 && heard < share + 0.1, "\(kind) \(share): \(samples.count)")
        }
    }

    @Test func `a file that cannot be read ends the source with path, reason and advice`() async throws {
        let text = try Signals.file(Array("this is no music at all, not even a little".utf8), "text.wav")
        let empty = try Signals.file([], "empty.wav")
        let silent = try Signals.file(Signals.wav([], rate: 44_100), "silent.wav")
        let wide = try Signals.file(Signals.wav(tone, rate: 44_100, channels: 65), "wide.wav")
        let slow = try Signals.file(Signals.wav(tone, rate: 4_000), "slow.wav")
        let missing = TestEnvironment.path("missing.flac")
        for (path, code, reason) in [
            (missing, CaptureError.Code.cannotOpen, "No such file"), ("/tmp", .cannotOpen, "directory"),
            ("/dev/zero", .cannotOpen, "alsa:"), (text, .unreadable, "ffmpeg"), (empty, .unreadable, "is empty"),
            (silent, .unreadable, "no audio"), (wide, .formatMismatch, "65 channels"),
            (slow, .formatMismatch, "4000 Hz"),
        ] {
            for options in ["?pace=fast", "?pace=fast&loop=true"] {
                let record = try await play(path, options)
                #expect(record.failure?.code == code, "\(record.failure?.description ?? "none")")
                #expect(record.failure?.message.contains(reason) == true, "\(record.failure?.message ?? "")")
                #expect(record.failure?.message.contains(path) == true)
                #expect(record.failure?.message.contains { $0.isNewline } == false)
            }
        }
    }

    @Test(.ffmpeg, arguments: ["wav", "flac", "ogg", "mp3"])
    func `damaged files neither crash nor hang`(kind: String) async throws {
        let path = TestEnvironment.path("good.\(kind)")
        let codec = kind == "ogg" ? "-c:a libvorbis" : ""
        try await TestEnvironment.run("ffmpeg -v error -f lavfi -i sine=440:r=48000:d=0.3 \(codec) '\(path)'")
        let good = try [UInt8](Data(contentsOf: URL(filePath: path)))
        var random = SystemRandomNumberGenerator()
        for _ in 0..<40 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Bool.random(using: &random) ? bytes.count : min(bytes.count, 64)
                bytes[Int.random(in: 0..<place, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let bad = try Signals.file(bytes, "bad.\(kind)")
            do throws(CaptureError) {
                let samples = try AudioFileReader(path: bad).readAll()
                #expect(samples.count < 10_000_000)
            } catch {
                #expect([.unreadable, .formatMismatch].contains(error.code))
            }
        }
    }

    @Test func `a reader that is given a descriptor closes it, even if it is not audio`() throws {
        let path = try Signals.file(Signals.wav(tone, rate: 44_100))
        let text = try Signals.file(Array("no music".utf8))
        for path in [path, text] {
            for _ in 0..<5 {
                let descriptor = open(path, O_RDONLY | O_CLOEXEC)
                _ = try? AudioFileReader(fileDescriptor: descriptor, name: "given").readAll()
            }
            // Only this file's: other tests open theirs at the same time.
            #expect(openDescriptors(path) == 0)
        }
    }
}
