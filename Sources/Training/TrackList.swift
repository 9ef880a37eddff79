// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// A split: a plain text file with a `<genre>/<track>` a line. Empty lines and lines that begin with `#` do not count.
package enum TrackList {
    static let maximumBytes = 64 << 20

    /// Reads a split; a line that is no track, or a track that is named twice, is an error with its line.
    package static func read(_ path: String) throws(TrainingError) -> [TrackName] {
        let tracks = try parse(readFile(path, limit: maximumBytes), path: path)
        guard !tracks.isEmpty else { throw TrainingError(.malformed, "'\(path)' names no track") }
        return tracks
    }

    static func parse(_ bytes: [UInt8], path: String) throws(TrainingError) -> [TrackName] {
        var tracks: [TrackName] = []
        var seen: Set<TrackName> = []
        for (number, line) in try lines(bytes, path: path) {
            guard let name = TrackName(line) else {
                throw TrainingError(
                    .malformed, "\(path):\(number): '\(line.prefix(60))' is not of the form <genre>/<track>")
            }
            guard seen.insert(name).inserted else {
                throw TrainingError(.malformed, "\(path):\(number): '\(name)' stands here for the second time")
            }
            tracks.append(name)
        }
        return tracks
    }

    /// The lines that count, with their numbers, without what surrounds them.
    static func lines(_ bytes: [UInt8], path: String) throws(TrainingError) -> [(number: Int, text: Substring)] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw TrainingError(.malformed, "'\(path)' is not a text file in UTF-8")
        }
        var result: [(Int, Substring)] = []
        // Swift sees CR LF as one character, which is a newline too.
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let trimmed = line.trimming { $0 == " " || $0 == "\u{FEFF}" }
            if !trimmed.isEmpty && !trimmed.hasPrefix("#") { result.append((index + 1, trimmed)) }
        }
        return result
    }
}

/// What belongs together and how far it can be trusted: `<genre>/<track>`, a tab, the group (an artist, a source, a
/// speaker), and, if one likes, a tab and a weight from 0 to 1. Groups are kept whole when data is divided.
package struct TrackGroups: Sendable {
    package struct Entry: Sendable, Equatable {
        package var group: String
        /// How much the track's label is trusted, 0 (never trained on) to 1.
        package var weight: Double
    }

    package var entries: [TrackName: Entry]

    package init(entries: [TrackName: Entry] = [:]) {
        self.entries = entries
    }

    package init(contentsOf path: String) throws(TrainingError) {
        try self.init(parsing: readFile(path, limit: TrackList.maximumBytes), path: path)
    }

    init(parsing bytes: [UInt8], path: String) throws(TrainingError) {
        entries = [:]
        for (number, line) in try TrackList.lines(bytes, path: path) {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard (2...3).contains(fields.count), let name = TrackName(fields[0]), !fields[1].isEmpty else {
                throw TrainingError(
                    .malformed,
                    "\(path):\(number): '\(line.prefix(60))' is not a <genre>/<track>, a tab and a group")
            }
            let weight = fields.count == 3 ? Double(fields[2]) : 1
            guard let weight, (0...1).contains(weight) else {
                throw TrainingError(
                    .malformed, "\(path):\(number): the weight '\(fields[2].prefix(20))' is not a number from 0 to 1")
            }
            guard entries.updateValue(Entry(group: String(fields[1]), weight: weight), forKey: name) == nil else {
                throw TrainingError(.malformed, "\(path):\(number): '\(name)' stands here for the second time")
            }
        }
    }
}

extension Substring {
    /// Without the leading and trailing characters for which `isPadding` holds.
    fileprivate func trimming(_ isPadding: (Character) -> Bool) -> Substring {
        var result = drop(while: isPadding)
        while let last = result.last, isPadding(last) { result.removeLast() }
        return result
    }
}
