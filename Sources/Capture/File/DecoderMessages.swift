// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Reads what ffmpeg prints about a file, with `-loglevel repeat+level+info` and the filter `ashowinfo`.
///
/// The text is untrusted: it has the file's own tags in it.
struct DecoderMessages {
    /// The name of the encoding, such as `AAC`; nil until it is known.
    private(set) var encoding: String?
    /// The last error, without the addresses in front of it.
    private(set) var lastError: String?
    private(set) var losses = FileLosses()

    /// Seconds: a gap between two frames that is shorter comes from rounding.
    private static let shortestGap = 0.05
    private static let longestLine = 4096

    private var line: [UInt8] = []
    /// Seconds from the first frame's time, which is not always 0.
    private var firstTime: Double?
    private var nextTime = 0.0
    private var frameSeconds = 0.02
    /// Packets that could not be decoded since the last frame.
    private var badPackets = 0
    /// Seconds that the file claims, and whether it was seen to be cut.
    private var duration: Double?
    private var isCut = false

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            if byte == 10 || byte == 13 {
                take(String(decoding: line, as: UTF8.self))
                line.removeAll(keepingCapacity: true)
            } else if line.count < Self.longestLine {
                line.append(byte)
            }
        }
    }

    /// Notes the end of the file, after so many seconds.
    mutating func finish(heard: Double) {
        if badPackets > 0 { losses.add(Double(badPackets) * frameSeconds, at: heard) }
        badPackets = 0
        if isCut, let duration, duration - heard - losses.damagedSeconds > 0.1 {
            losses.missingSeconds = duration - heard - losses.damagedSeconds
        }
    }

    private mutating func take(_ line: String) {
        if line.hasPrefix("[Parsed_ashowinfo") {
            if let number = Self.value("n", in: line), number >= 0 { takeFrame(line) }
        } else if let text = Self.error(line) {
            takeError(text)
        } else if line.hasPrefix("[info]   Duration: ") {
            duration = Self.clock(line.dropFirst(19).prefix { $0 != "," })
        } else if encoding == nil, line.hasPrefix("[info]   Stream #0:"), let mark = line.firstRange(of: ": Audio: ") {
            let codec = line[mark.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            encoding = Self.displayName(String(codec))
        }
    }

    /// What an error says: its level stands first, or behind the part of ffmpeg that speaks. Further on, it is text of the
    /// file.
    private static func error(_ line: String) -> String? {
        var rest = line[...]
        for _ in 0..<2 {
            for level in ["[error] ", "[fatal] ", "[panic] "] where rest.hasPrefix(level) {
                return String(rest.dropFirst(level.count))
            }
            guard rest.first == "[", let end = rest.firstRange(of: "] ") else { return nil }
            rest = rest[end.upperBound...]
        }
        return nil
    }

    private mutating func takeFrame(_ line: String) {
        guard let time = Self.value("pts_time", in: line), let count = Self.value("nb_samples", in: line),
            let rate = Self.value("rate", in: line), rate > 0
        else { return }
        frameSeconds = count / rate
        let first = firstTime ?? time
        firstTime = first
        let position = nextTime - losses.damagedSeconds
        let gap = time - first - nextTime
        // Packets that fail mostly leave a gap, but not in every format.
        let bad = Double(badPackets) * frameSeconds
        if gap > Self.shortestGap {
            losses.add(max(gap, bad), at: position)
        } else if badPackets > 0 {
            losses.add(bad, at: position)
        }
        badPackets = 0
        nextTime = time - first + frameSeconds
    }

    private mutating func takeError(_ text: String) {
        lastError = printable(String(text.prefix(200)))
        // ffmpeg 5 and before; ffmpeg 6 and later.
        if text.hasPrefix("Error while decoding stream") || text.hasPrefix("Error submitting packet to decoder") {
            badPackets += 1
        }
        if text.hasSuffix("partial file") || text.hasPrefix("File ended prematurely") { isCut = true }
    }

    /// The number behind `name:`.
    private static func value(_ name: String, in line: String) -> Double? {
        guard let mark = line.firstRange(of: " \(name):") else { return nil }
        let value = Double(line[mark.upperBound...].drop { $0 == " " }.prefix { $0 != " " })
        return value?.isFinite == true ? value : nil
    }

    /// Seconds of `00:03:20.04`.
    private static func clock(_ text: Substring) -> Double? {
        let parts = text.split(separator: ":").map { Double($0) }
        guard parts.count == 3, let hours = parts[0], let minutes = parts[1], let seconds = parts[2] else { return nil }
        return hours * 3600 + minutes * 60 + seconds
    }

    /// The names that `SndfileDecoder` uses, else capitals.
    private static func displayName(_ codec: String) -> String {
        switch codec {
        case "vorbis": "Vorbis"
        case "opus": "Opus"
        default: String(codec.prefix(20)).uppercased()
        }
    }
}
