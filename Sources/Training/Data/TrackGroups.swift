// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

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
