// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// A list of tracks in a plain text file: one `<genre>/<track>` a line. Empty lines and lines that begin with `#` are
/// ignored.
package enum TrackList {
    static let maximumBytes = 64 << 20

    /// Reads a list. A line that is not a track, or a track that is listed twice, is an error with its line number.
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
                throw TrainingError(.malformed, "\(path):\(number): '\(name)' is listed twice")
            }
            tracks.append(name)
        }
        return tracks
    }

    /// The lines that are not ignored, with their numbers and without surrounding blanks.
    static func lines(_ bytes: [UInt8], path: String) throws(TrainingError) -> [(number: Int, text: Substring)] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw TrainingError(.malformed, "'\(path)' is not a text file in UTF-8")
        }
        var result: [(Int, Substring)] = []
        // CR LF is one Character in Swift, and it is a newline.
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let trimmed = line.trimming { $0 == " " || $0 == "\u{FEFF}" }
            if !trimmed.isEmpty && !trimmed.hasPrefix("#") { result.append((index + 1, trimmed)) }
        }
        return result
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
