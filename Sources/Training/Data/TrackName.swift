// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// A track in a feature store, a split or a groups file: `<genre>/<track>`.
package struct TrackName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The folder's name: a genre, or another class such as `speech`.
    package var genre: String
    /// The file's name without its extension, or more of its path (`init(folder:path:)`).
    package var track: String

    package init(genre: String, track: String) {
        self.genre = genre
        self.track = track
    }

    /// The name of a track whose file lies anywhere below its genre's folder.
    ///
    /// A store has one level, and its names are in text files. So what these cannot hold is written %XX, as in a URI: the
    /// slashes of `path`, bytes that are no UTF-8, control characters, and blanks or signs at an edge where a list or a
    /// folder would lose them. A percent sign is only escaped where it could be taken for that, so that no two paths get
    /// the same name. A name that is too long for a file system is cut, and ends with a hash of the whole.
    ///
    /// - Parameters:
    ///   - folder: the name of the genre's folder.
    ///   - path: of the file below it, without its extension, as `PathText` has it.
    package init(folder: String, path: String) {
        self.init(genre: Self.escaped(folder), track: Self.escaped(path))
    }

    /// The most bytes of a name. A file system takes 255, with the extension.
    private static let mostBytes = 250

    private static func escaped(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var name = ""
        for (index, scalar) in scalars.enumerated() {
            let isEdge = index == 0 || index == scalars.count - 1
            let isEscaped =
                switch scalar {
                case "/": true
                case "%": scalars.dropFirst(index + 1).prefix(2).count { $0.properties.isASCIIHexDigit } == 2
                case " ", "\u{FEFF}": isEdge
                case ".", "#": index == 0
                default:
                    scalar.value < 0x20 || scalar.value == 0x7F || scalar == "\u{85}" || scalar.properties.isLineBreak
                        || PathText.byte(scalar) != nil
                }
            if isEscaped {
                name += PathText.bytes(String(scalar)).map(PathText.percent).joined()
            } else {
                name.unicodeScalars.append(scalar)
            }
        }
        guard name.utf8.count > mostBytes else { return name }
        var hash = Fingerprint()
        hash.add(name)
        var start = ""
        for character in name {
            if start.utf8.count + character.utf8.count > mostBytes - 17 { break }
            start.append(character)
        }
        return "\(start)~\(hash.text)"
    }

    /// Parses `<genre>/<track>`; nil if the text is not two names.
    package init?(_ text: some StringProtocol) {
        let parts = String(text).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isName) else { return nil }
        self.init(genre: String(parts[0]), track: String(parts[1]))
    }

    /// Whether a text can be the name of a folder or file, and not a path to somewhere else.
    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text != "." && text != ".." && text.utf8.count <= mostBytes
            && !text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }
    }

    /// The folder of speech, which can be mixed with music.
    package static let speechFolder = "speech"
    package var isSpeech: Bool { genre == Self.speechFolder }

    package var description: String { "\(genre)/\(track)" }

    package static func < (left: TrackName, right: TrackName) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}

extension Unicode.Scalar.Properties {
    /// Whether a line of a text file ends here, as `TrackList` reads it.
    fileprivate var isLineBreak: Bool { generalCategory == .lineSeparator || generalCategory == .paragraphSeparator }
}
