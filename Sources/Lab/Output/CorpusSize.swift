// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Training

/// Says where a corpus is too small to train on.
enum CorpusSize {
    /// A genre with fewer tracks is learnt badly. Of 20 tracks, one that is held out and taken for another genre changes the
    /// genre's score by 5 points.
    static let fewTracks = 20

    /// A line for the labels that have too few tracks; none if all have enough.
    static func notes(_ corpus: Corpus) -> [String] {
        let counts = Dictionary(grouping: corpus.tracks, by: \.label).mapValues(\.count)
        let few = corpus.labels.indices.filter { counts[$0, default: 0] < fewTracks }
        guard !few.isEmpty else { return [] }
        let shown = few.prefix(5).map { label in
            "\(corpus.labels[label]) has \(NumberText.counted(counts[label, default: 0], "track"))"
        }
        let rest = few.count > shown.count ? " and \(few.count - shown.count) others have hardly more" : ""
        return [
            "\(shown.joined(separator: ", "))\(rest): too few; with fewer than \(fewTracks) tracks a genre is learnt badly, "
                + "and its score means little"
        ]
    }
}
