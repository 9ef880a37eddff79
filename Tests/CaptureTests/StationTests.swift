// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Capture

/// A station's two FIFOs, whoever makes, removes, replaces and fills them.
struct StationTests {
    private let tone = Signals.sine(440, rate: 44_100, seconds: 0.5)
    private let folder: TemporaryFolder
    private var audio: String { folder.file("jazz.wav") }
    private var notes: String { folder.file("jazz.notes") }

    init() throws {
        folder = try TemporaryFolder()
        signal(SIGPIPE, SIG_IGN)
    }

    private func uri() throws -> SourceURI { try SourceURI(parsing: "station:jazz?folder=\(folder.path)") }

    private func make(_ path: String) throws { try #require(mkfifo(path, 0o600) == 0) }

    /// A writer that holds the FIFO open, once there is a reader.
    private func writer(_ path: String) async throws -> Int32 {
        var opened: Int32 = -1
        _ = await eventually {
            // No program that another test starts may keep it open.
            opened = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            return opened >= 0
        }
        try #require(opened >= 0, "\(path) has no reader")
        _ = fcntl(opened, F_SETFL, 0)
        return opened
    }

    private func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }

    // MARK: Audio

    @Test func `a FIFO that is missing, made, removed and made again is waited for without an error`() async throws {
        let source = try uri().makeSource()
        let sink = RecordingSink()
        try source.start(sink)
        defer { source.stop() }
        for round in 1...3 {
            #expect(await sink.wait { $0.waits.last?.contains("no \(audio) yet") == true })
            try make(audio)
            #expect(await sink.wait { $0.waits.last?.contains("nobody writes to \(audio)") == true })
            let station = try await writer(audio)
            let bytes = Signals.wav(tone, rate: 48_000, dataSize: .max)
            #expect(Glibc.write(station, bytes, bytes.count) == bytes.count)
            #expect(await sink.wait { $0.count == round * tone.count })
            unlink(audio)
            close(station)
        }
        #expect(sink.record.losses.isEmpty && !sink.record.isEnded)
        #expect(sink.record.formats.count == 3)
    }

    @Test func `the hint names the unit, if the folder is that of the units`() {
        #expect(StationPlace(name: "a").missing.contains("systemctl enable --now genred-station@a"))
        #expect(StationPlace(name: "a").audio == "/run/genred/stations/a.wav")
        #expect(StationPlace(name: "a").notes == "/run/genred/stations/a.notes")
    }

    @Test func `a FIFO that is replaced is opened anew; the station has not ended`() async throws {
        try make(audio)
        let source = try uri().makeSource()
        let sink = RecordingSink()
        try source.start(sink)
        defer { source.stop() }
        #expect(await sink.wait { $0.waits.count == 1 })
        unlink(audio)
        try make(audio)
        let station = try await writer(audio)
        let bytes = Signals.wav(tone, rate: 48_000, dataSize: .max)
        #expect(Glibc.write(station, bytes, bytes.count) == bytes.count)
        #expect(await sink.wait { $0.count == tone.count })
        close(station)
        #expect(sink.record.losses.isEmpty)
    }

    @Test(arguments: ["file", "link", "folder"])
    func `what is no FIFO is said with the reason, and forgotten once it is one`(kind: String) async throws {
        switch kind {
        case "file": _ = try folder.write("no FIFO", to: "jazz.wav")
        case "link":
            try make(folder.file("elsewhere"))
            symlink(folder.file("elsewhere"), audio)
        default: mkdir(audio, 0o700)
        }
        let source = try uri().makeSource()
        let sink = RecordingSink()
        try source.start(sink)
        defer { source.stop() }
        #expect(await sink.wait { $0.losses.count == 1 })
        #expect(sink.record.losses.first?.message.contains(audio) == true)
        #expect(sink.record.losses.first?.message.contains(kind == "folder" ? "a directory" : kind) == true)
        _ = kind == "folder" ? rmdir(audio) : unlink(audio)
        try make(audio)
        #expect(await sink.wait { $0.waits.count >= 1 })
        #expect(sink.record.losses.count == 1 && !sink.record.isEnded)
    }

    // MARK: Notes

    /// What a reader of notes has reported.
    private final class Reports: Sendable {
        private let state = Mutex<[StationReport]>([])

        func add(_ report: StationReport) { state.withLock { $0.append(report) } }
        var all: [StationReport] { state.withLock { $0 } }
        var notes: [StationNote] { all.flatMap(\.notes) }
        var endings: Int { all.count(where: \.isGone) }
        var ignored: Int { all.last?.ignored ?? 0 }
    }

    private func read() throws -> (StationNotes, Reports) {
        let reports = Reports()
        let reader = try #require(try uri().makeNotes { reports.add($0) })
        reader.start()
        return (reader, reports)
    }

    @Test func `notes are read of FIFOs that come and go, and the end of each writer is reported once`() async throws {
        let (reader, reports) = try read()
        defer { reader.stop() }
        for round in 1...3 {
            try make(notes)
            for title in ["a", "b"] {
                let station = try await writer(notes)
                write("{\"state\": \"playing\"}\n{\"title\": \"\(title)\(round)\"}", to: station)
                close(station)
                #expect(await eventually { reports.notes.last == .title("\(title)\(round)") })
            }
            #expect(await eventually { reports.endings == 2 * round })
            unlink(notes)
        }
        #expect(reports.notes.count == 12 && reports.ignored == 0)
        #expect(reports.all.allSatisfy { $0.failure == nil })
    }

    @Test func `the notes of a FIFO that is replaced while its writer is silent are read`() async throws {
        try make(notes)
        let (reader, reports) = try read()
        defer { reader.stop() }
        let old = try await writer(notes)
        write("{\"title\": \"old\"}\n", to: old)
        #expect(await eventually { reports.notes == [.title("old")] })
        unlink(notes)
        try make(notes)
        let new = try await writer(notes)
        write("{\"title\": \"new\"}\n", to: new)
        #expect(await eventually { reports.notes.last == .title("new") && reports.endings == 1 })
        close(old)
        close(new)
    }

    @Test func `a hundred thousand lines at once come out as a few, the last one among them`() async throws {
        try make(notes)
        let (reader, reports) = try read()
        defer { reader.stop() }
        let station = try await writer(notes)
        let start = ContinuousClock.now
        await withCheckedContinuation { done in
            Thread.detachNewThread {
                for block in 0..<100 {
                    let text = (0..<1000).map { "{\"title\": \"\(block * 1000 + $0)\"}\n" }.joined()
                    write(text, to: station)
                }
                close(station)
                done.resume()
            }
        }
        #expect(await eventually { reports.endings == 1 })
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        #expect(reports.notes.last == .title("99999"))
        #expect(Double(reports.notes.count) <= 20 + 10 * seconds)
        #expect(reports.notes.count + reports.ignored == 100_000)
    }

    @Test func `nothing is reported after the stop, and the writer is told`() async throws {
        try make(notes)
        let (reader, reports) = try read()
        let station = try await writer(notes)
        write("{\"title\": \"a\"}\n", to: station)
        #expect(await eventually { reports.notes.count == 1 })
        reader.stop()
        let count = reports.all.count
        #expect(await eventually { Glibc.write(station, "{}\n", 3) < 0 })
        #expect(reports.all.count == count)
        close(station)
    }

    @Test func `notes that are no FIFO are reported once, and read once they are one`() async throws {
        _ = try folder.write("no FIFO", to: "jazz.notes")
        let (reader, reports) = try read()
        defer { reader.stop() }
        #expect(await eventually { reports.all.last?.failure?.message.contains("not a FIFO but a file") == true })
        unlink(notes)
        try make(notes)
        let station = try await writer(notes)
        write("{\"title\": \"a\"}\n", to: station)
        #expect(await eventually { reports.notes == [.title("a")] })
        #expect(reports.all.count { $0.failure != nil } == 1)
        close(station)
    }
}
