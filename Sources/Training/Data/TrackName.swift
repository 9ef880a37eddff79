// SPDX-License-Identifier: GPL-3.0-or-later

/// A track in a feature store, a split or a groups file: `<genre>/<track>`.
package struct TrackName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The folder's name: a genre, or another class such as `speech`.
    package var genre: String
    /// The file's name without its extension.
    package var track: String

    package init(genre: String, track: String) {
        self.genre = genre
        self.track = track
    }

    /// Parses `<genre>/<track>`; nil if the text is not two names.
    package init?(_ text: some StringProtocol) {
        let parts = String(text).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isName) else { return nil }
        self.init(genre: String(parts[0]), track: String(parts[1]))
    }

    /// Whether a text can be the name of a folder or file, and not a path to somewhere else.
    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text != "." && text != ".." && text.utf8.count <= 250
            && !text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }
    }

    package var description: String { "\(genre)/\(track)" }

    package static func < (left: TrackName, right: TrackName) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}
