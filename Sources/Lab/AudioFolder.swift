// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Foundation
import Training

/// A folder of audio with a folder for each genre: `<genre>/<track>.<any extension>`.
struct AudioFolder {
    /// A track's name and the file that it is in.
    struct Entry {
        var name: TrackName
        var path: String
    }

    let entries: [Entry]
    /// Folders within genres.
    let subfolders: [String]
    /// Files that are passed over for others of the same name but for the extension, and why.
    let skipped: [String]

    /// What audio is called. A file of another name that cannot be read is a cover or a cue sheet.
    private static let extensions: Set<String> = [
        "aac", "aif", "aifc", "aiff", "au", "caf", "flac", "m4a", "mp3",
        "oga", "ogg", "opus", "rf64", "snd", "w64", "wav", "wave", "wma",
    ]

    /// Lists the folder, sorted by genre and track.
    init(_ root: String) throws(TrainingError) {
        var entries: [Entry] = []
        var skipped: [String] = []
        var subfolders: [String] = []
        for genre in try listFolder(root) where isFolder("\(root)/\(genre)") {
            let names = try listFolder("\(root)/\(genre)")
            let files = names.filter { !isFolder("\(root)/\(genre)/\($0)") }
            subfolders += Set(names).subtracting(files).sorted().map { "\(genre)/\($0)" }
            let named = Dictionary(grouping: files) { ($0 as NSString).deletingPathExtension }
            for (track, files) in named.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                let paths = files.map { "\(root)/\(genre)/\($0)" }
                // A cover or a cue sheet has the name of its track, and must not stand for it.
                let readable = paths.count > 1 ? paths.filter { (try? AudioFileReader(path: $0)) != nil } : paths
                let called = paths.filter { Self.extensions.contains(($0 as NSString).pathExtension.lowercased()) }
                // If none can be read, the one that is called audio is, to say why not.
                let path = readable.first ?? called.first ?? paths[0]
                entries.append(Entry(name: TrackName(genre: genre, track: track), path: path))
                func local(_ path: String) -> String { String(path.dropFirst(root.count + 1)) }
                skipped += paths.filter { $0 != path && (readable + called).contains($0) }.map { other in
                    readable.contains(other)
                        ? "\(local(other)): skipped: another file has the same name but for the extension"
                        : "\(local(other)): skipped: it cannot be read, and \(local(path)) has its name"
                }
            }
        }
        guard !entries.isEmpty else {
            throw TrainingError(
                .malformed, "'\(root)' has no audio in folders by genre: <genre>/<track>.<any extension> is expected")
        }
        self.entries = entries
        self.skipped = skipped
        self.subfolders = subfolders
    }
}
