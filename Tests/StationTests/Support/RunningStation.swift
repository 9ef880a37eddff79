// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport
import Testing

/// A real genred-station that feeds two FIFOs, with readers that keep what they read.
final class RunningStation: Sendable {
    struct Note: Decodable, Equatable {
        var state: String?
        var detail: String?
        var title: String?
    }

    let folder: TemporaryFolder
    let process: ChildProcess
    private let notesReader: ChildProcess
    private let extra: [ChildProcess]

    /// - Parameters:
    ///   - configuration: the station's file.
    ///   - listens: whether the audio is read, into `audio`.
    init(_ configuration: String, options: String = "", listens: Bool = true) throws {
        folder = try TemporaryFolder()
        _ = try folder.write(configuration, to: "radio.conf")
        for name in ["radio.wav", "radio.notes"] { try #require(mkfifo(folder.file(name), 0o640) == 0) }
        notesReader = try ChildProcess(shell: "exec cat radio.notes >notes", in: folder.path)
        extra = listens ? [try ChildProcess(shell: "exec cat radio.wav >audio", in: folder.path)] : []
        process = try ChildProcess(
            shell: """
                exec '\(Programs.built("genred-station"))' --fifo-folder . --config radio.conf \(options) 2>log
                """, in: folder.path)
    }

    /// Plays a URL.
    convenience init(url: String, options: String = "", listens: Bool = true) throws {
        try self.init("url=\(url)\n", options: options, listens: listens)
    }

    deinit { for one in [process, notesReader] + extra { one.end() } }

    func endNotesReader() { notesReader.end() }

    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    var notesText: String { (try? String(contentsOfFile: folder.file("notes"), encoding: .utf8)) ?? "" }

    var notes: [Note] {
        notesText.split(separator: "\n").compactMap { try? JSONDecoder().decode(Note.self, from: Data($0.utf8)) }
    }

    var states: [String] { notes.compactMap(\.state) }
    var titles: [String] { notes.compactMap(\.title) }
    var details: [String] { notes.compactMap(\.detail) }

    /// Reads the audio for a while, as a reader that goes away in between does, and returns it.
    func listen(seconds: Double) async throws -> Recording {
        let file = folder.file("listened-\(UInt32.random(in: 0 ... .max))")
        let reader = try ChildProcess(shell: "exec cat radio.wav >'\(file)'", in: folder.path)
        defer { reader.end() }
        let enough = 44 + Int(seconds * 176_400)
        let came = await eventually { (Recording.size(file) ?? 0) >= enough }
        try #require(came, "no audio: \(log)")
        return try Recording(file)
    }

    var audio: Recording { get throws { try Recording(folder.file("audio")) } }

    /// Seconds of audio that were read so far.
    var heard: Double { Double(max(0, (Recording.size(folder.file("audio")) ?? 0) - 44)) / 176_400 }
}

/// What a reader got from a station.
struct Recording {
    let header: [UInt8]
    /// Root of the mean square of each channel, full scale 1.
    let left: Double
    let right: Double
    let frames: Int
    let isWhole: Bool

    init(_ file: String) throws {
        let data = [UInt8](try Data(contentsOf: URL(filePath: file)))
        header = Array(data.prefix(44))
        let samples = data.dropFirst(44)
        frames = samples.count / 4
        isWhole = samples.count % 4 == 0
        var sums = [0.0, 0.0]
        for index in 0..<frames {
            for channel in 0..<2 {
                let at = samples.startIndex + 4 * index + 2 * channel
                let value = Int16(bitPattern: UInt16(samples[at]) | UInt16(samples[at + 1]) << 8)
                sums[channel] += Double(value) * Double(value)
            }
        }
        (left, right) = (
            (sums[0] / Double(max(1, frames))).squareRoot() / 32768,
            (sums[1] / Double(max(1, frames))).squareRoot() / 32768
        )
    }

    static func size(_ file: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int
    }

    /// The header of a WAV file without an end, of 16-bit samples, two channels, at 44.1 kHz.
    static let expectedHeader: [UInt8] =
        Array("RIFF".utf8) + [255, 255, 255, 255] + Array("WAVEfmt ".utf8) + [16, 0, 0, 0, 1, 0, 2, 0]
        + [0x44, 0xAC, 0, 0, 0x10, 0xB1, 2, 0, 4, 0, 16, 0] + Array("data".utf8) + [255, 255, 255, 255]

    /// The tone is on the left channel alone: frames that are torn would bring it to the right one.
    var isTone: Bool { header == Self.expectedHeader && left > 0.2 && left < 0.5 && right < 0.02 }
}
