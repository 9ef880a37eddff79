// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import TestSupport
import Testing

@testable import Capture

/// Files that libsndfile hears only in part, or not at all.
@Suite(.ffmpeg)
struct WholeFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Makes a file of a tone by ffmpeg and returns its bytes.
    private func tone(
        _ name: String, hertz frequency: Int = 440, rate: Int = 44_100, channels: Int = 2, seconds: Double = 4,
        _ options: String = ""
    ) async throws -> [UInt8] {
        let path = folder.file(name)
        try await TestEnvironment.run(
            "ffmpeg -v error -y -f lavfi -i sine=\(frequency):r=\(rate):d=\(seconds) -ac \(channels) \(options) '\(path)'"
        )
        return try [UInt8](Data(contentsOf: URL(filePath: path)))
    }

    private struct Heard {
        var samples: [Float]
        var losses: FileLosses
        var format: StreamFormat

        var seconds: Double { Double(samples.count) / Double(format.sampleRate) }

        /// The frequency of the tone in a second that begins at a place, or nearly.
        func tone(at place: Double) -> Double {
            let start = Int((place + 0.2) * Double(format.sampleRate))
            return Signals.frequency(Array(samples[start..<(start + format.sampleRate / 2)]), rate: format.sampleRate)
        }
    }

    private func hear(_ bytes: [UInt8], _ name: String) throws -> Heard {
        let reader = try AudioFileReader(path: folder.write(Data(bytes), to: "heard-\(name)"))
        let samples = reader.readAll()
        return Heard(samples: samples, losses: reader.losses, format: reader.format)
    }

    @Test func `joined FLAC files are heard to the end of the last`() async throws {
        let first = try await tone("a.flac", hertz: 440)
        let second = try await tone("b.flac", hertz: 880)
        let heard = try hear(first + second, "joined.flac")
        #expect(abs(heard.seconds - 8) < 0.1 && heard.losses.isEmpty, "\(heard.seconds) \(heard.losses)")
        #expect(abs(heard.tone(at: 1) - 440) < 5 && abs(heard.tone(at: 5) - 880) < 5)
        #expect(try hear(first, "one.flac").losses.isEmpty)
    }

    @Test func `a WAV file that is cut says how much is missing, and one of unknown length does not`() async throws {
        let whole = try await tone("a.wav")
        let cut = try hear(Array(whole.prefix(44_100 * 4 + 78)), "cut.wav")
        #expect(abs(cut.seconds - 1) < 0.01)
        #expect(
            cut.losses.text?.hasPrefix("it ends early: 2.9 s") == true
                || cut.losses.text?.hasPrefix("it ends early: 3.0 s") == true, "\(cut.losses)")
        #expect(try hear(whole, "whole.wav").losses.isEmpty)
        let endless = Signals.wav(Signals.sine(440, rate: 44_100, seconds: 1), rate: 44_100, dataSize: .max)
        #expect(try hear(endless, "endless.wav").losses.isEmpty)
    }

    @Test func `a web page under an audio file's name, and an empty file, are refused by what they are`() {
        let page = Array("\n <!DOCTYPE html><html><body>404 Not Found</body></html>".utf8)
        for (bytes, reason) in [(page, "is a web page, not audio"), ([], "is empty")] {
            let error = #expect(throws: CaptureError.self) { try hear(bytes, "song.mp3") }
            #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
        }
    }

    @Test(arguments: ["ogg", "opus", "mp3"])
    func `of joined recordings everything is heard, also after another rate and other channels`(kind: String)
        async throws
    {
        let codec = kind == "ogg" ? "-c:a libvorbis" : kind == "opus" ? "-c:a libopus" : ""
        let rate = kind == "opus" ? 48_000 : 22_050
        let first = try await tone("a.\(kind)", hertz: 440, rate: kind == "opus" ? 48_000 : 44_100, codec)
        let second = try await tone("b.\(kind)", hertz: 880, rate: rate, channels: 1, codec)
        let third = try await tone("c.\(kind)", hertz: 660, rate: rate, channels: 2, codec)
        let heard = try hear(first + second + third, "chain.\(kind)")
        #expect(abs(heard.seconds - 12) < 0.3, "\(heard.seconds)")
        for (place, frequency) in [(1.0, 440.0), (5, 880), (9, 660)] {
            #expect(abs(heard.tone(at: place) - frequency) < 5, "\(kind) at \(place): \(heard.tone(at: place))")
        }
        #expect(heard.losses.isEmpty, "\(heard.losses.text ?? "")")
    }

    @Test(arguments: ["", "-write_xing 0"])
    func `joined MP3s are heard with tags between them, and with Xing headers or without`(options: String) async throws
    {
        let first = try await tone(
            "a.mp3", hertz: 440, "\(options) -id3v2_version 3 -metadata title=One -write_id3v1 1")
        let second = try await tone(
            "b.mp3", hertz: 880, "\(options) -id3v2_version 4 -metadata title=Two -write_id3v1 1")
        let heard = try hear(first + second, "tags.mp3")
        #expect(abs(heard.seconds - 8) < 0.3, "\(heard.seconds)")
        #expect(abs(heard.tone(at: 6) - 880) < 5)
        #expect(heard.losses.isEmpty, "\(heard.losses.text ?? "")")
    }

    @Test(arguments: [("mp3", ""), ("mp3", "-write_xing 0"), ("ogg", "-c:a libvorbis"), ("flac", "")])
    func `a hole of zeros in the middle is skipped, counted and placed`(kind: String, options: String) async throws {
        // Noise, so that the bytes of a second are about the same everywhere.
        let path = folder.file("noise.\(kind)")
        try await TestEnvironment.run(
            "ffmpeg -v error -f lavfi -i anoisesrc=r=44100:d=20:a=0.3:s=1 \(options) '\(path)'")
        var bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        let hole = bytes.count * 5 / 20..<bytes.count * 8 / 20
        bytes.replaceSubrange(hole, with: [UInt8](repeating: 0, count: hole.count))
        let heard = try hear(bytes, "hole.\(kind)")
        #expect(heard.seconds > 15 && heard.seconds < 18.5, "\(heard.seconds)")
        #expect(heard.losses.damageCount == 1)
        let damage = try #require(heard.losses.damages.first)
        #expect(abs(damage.position - 5) < 1.5, "\(damage)")
        // An Ogg page has seconds, and is lost whole.
        #expect(abs(damage.seconds - (20 - heard.seconds)) < 1, "\(damage)")
        #expect(heard.losses.text?.contains("damaged and were skipped") == true)
    }

    @Test func `damage at the start and at the end is counted too`() async throws {
        let good = try await tone("good.mp3", seconds: 20, "-write_xing 0 -id3v2_version 0")
        let part = good.count / 5
        var start = good
        start.replaceSubrange(0..<part, with: [UInt8](repeating: 0, count: part))
        let late = try hear(start, "start.mp3")
        #expect(late.losses.damages.first?.position == 0)
        #expect(abs(late.losses.damagedSeconds - 4) < 0.5, "\(late.losses)")
        #expect(abs(late.seconds - 16) < 0.5)
        var end = good
        end.replaceSubrange((good.count - part)..., with: [UInt8](repeating: 0, count: part))
        let early = try hear(end, "end.mp3")
        #expect(abs((early.losses.damages.first?.position ?? 0) - 16) < 0.5, "\(early.losses)")
        #expect(abs(early.seconds - 16) < 0.5)
    }

    @Test func `what was cut out of a broadcast begins within a frame, and lacks nothing`() async throws {
        let good = try await tone("good.mp3", seconds: 20, "-write_xing 0 -id3v2_version 0")
        let heard = try hear(Array(good[1000..<(good.count * 3 / 4)]), "cut.mp3")
        #expect(abs(heard.seconds - 15) < 0.3, "\(heard.seconds)")
        #expect(heard.losses.isEmpty, "\(heard.losses.text ?? "")")
    }

    @Test func `an MP3 that ends before its header says is heard up to there, and what is missing is said`()
        async throws
    {
        let good = try await tone("good.mp3", seconds: 20)
        let heard = try hear(Array(good[..<(good.count / 2)]), "short.mp3")
        #expect(abs(heard.seconds - 10) < 0.3, "\(heard.seconds)")
        #expect(abs(heard.losses.missingSeconds - 10) < 0.3, "\(heard.losses)")
        #expect(heard.losses.text?.contains("it ends early: ") == true)
    }

    @Test(arguments: [
        ("m4a", ""), ("m4a", "-movflags +faststart"), ("wma", ""), ("webm", "-c:a libopus"), ("aac", ""),
        ("mka", "-c:a ac3"),
    ])
    func `other formats are decoded by ffmpeg`(kind: String, options: String) async throws {
        let bytes = try await tone("tone.\(kind)", options)
        let heard = try hear(bytes, "tone.\(kind)")
        #expect(abs(heard.seconds - 4) < 0.2, "\(heard.seconds)")
        #expect(abs(heard.tone(at: 2) - 440) < 5)
        #expect(heard.losses.isEmpty, "\(heard.losses.text ?? "")")
        #expect(heard.format.channels == 2)
    }

    @Test func `of a video the sound is heard, and in a loop it begins anew`() async throws {
        let path = folder.file("video.mp4")
        try await TestEnvironment.run(
            "ffmpeg -v error -f lavfi -i testsrc=d=2 -f lavfi -i sine=440:r=48000:d=2 -c:v mpeg4 -c:a aac '\(path)'")
        let reader = try AudioFileReader(path: path)
        let first = reader.readAll()
        #expect(abs(Double(first.count) / 48_000 - 2) < 0.1)
        #expect(reader.rewind())
        #expect(reader.readAll() == first)
    }

    @Test func `damage in an M4A is skipped and counted`() async throws {
        var bytes = try await tone("tone.m4a", seconds: 20, "-movflags +faststart -b:a 128k")
        let hole = bytes.count / 2..<bytes.count * 11 / 20
        var random = SplitMix(state: 1)
        for index in hole { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
        let heard = try hear(bytes, "damaged.m4a")
        // What can be decoded nevertheless is heard.
        #expect(heard.seconds > 18 && heard.seconds < 20.1, "\(heard.seconds)")
        #expect(heard.losses.damageCount > 0 && heard.losses.damagedSeconds < 3, "\(heard.losses)")
        #expect(abs((heard.losses.damages.first?.position ?? 0) - 10) < 2, "\(heard.losses)")
        let short = try hear(Array(bytes[..<(bytes.count / 4)]), "short.m4a")
        #expect(short.losses.missingSeconds > 13, "\(short.losses)")
    }

    @Test(arguments: ["mp3", "m4a", "wav"])
    func `a file that names other files opens none of them`(kind: String) async throws {
        _ = try await tone("secret.mp3", "-id3v2_version 0")
        let secret = folder.file("secret.mp3")
        for text in [
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:4,\nfile://\(secret)\n#EXT-X-ENDLIST\n",
            "ffconcat version 1.0\nfile '\(secret)'\n", "[playlist]\nFile1=\(secret)\n",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n", "/etc/passwd\n",
        ] {
            let error = #expect(throws: CaptureError.self) { try hear(Array(text.utf8), "list.\(kind)") }
            #expect(error?.code == .unreadable)
            #expect(error?.message.contains { $0.isNewline } == false)
        }
    }

    @Test func `an intact file gives the same samples with ffmpeg and without`() async throws {
        for (kind, options) in [
            ("mp3", ""), ("mp3", "-q:a 4"), ("ogg", "-c:a libvorbis"), ("opus", "-c:a libopus"), ("flac", ""),
        ] {
            _ = try await tone("good.\(kind)", rate: 48_000, options)
            let descriptor = open(folder.file("good.\(kind)"), O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            #expect(AudioFileShape.scan(descriptor)?.isPlain != false, "\(kind) \(options)")
            let reader = try AudioFileReader(path: folder.file("good.\(kind)"))
            _ = reader.readAll()
            #expect(reader.losses.isEmpty, "\(kind): \(reader.losses.text ?? "")")
        }
    }

    @Test func `files that are damaged at random neither crash nor hang, and what is printed about them is no log`()
        async throws
    {
        let good = try await tone("good.mp3", seconds: 2)
        var random = SplitMix(state: 7)
        for _ in 0..<12 {
            var bytes = good
            for _ in 0..<20 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            let samples = (try? hear(bytes, "bad.mp3"))?.samples ?? []
            #expect(samples.count < 500_000)
        }
    }
}
