// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The groups of tracks and how far their labels are trusted, from a text file. A line is `<genre>/<track>`, a tab, the
/// group (an artist, a source, a speaker), and optionally a tab and a weight from 0 to 1. A split never divides a group.
package struct TrackGroups: Sendable {
    package struct Entry: Sendable, Equatable {
        package var group: String
        /// How far the track's label is trusted, 0 (never trained on) to 1.
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
                    "\(path):\(number): '\(line.prefix(60))' is not of the form <genre>/<track>, tab, group")
            }
            let weight = fields.count == 3 ? Double(fields[2]) : 1
            guard let weight, (0...1).contains(weight) else {
                throw TrainingError(
                    .malformed, "\(path):\(number): the weight '\(fields[2].prefix(20))' is not a number from 0 to 1")
            }
            guard entries.updateValue(Entry(group: String(fields[1]), weight: weight), forKey: name) == nil else {
                throw TrainingError(.malformed, "\(path):\(number): '\(name)' is listed twice")
            }
        }
    }
}
