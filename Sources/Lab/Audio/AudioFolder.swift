// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Foundation
import Training

/// A folder of audio with one folder per genre: `<genre>/<track>.<any extension>`.
struct AudioFolder {
    /// A track's name and its file.
    struct Entry {
        var name: TrackName
        var path: String
    }

    let entries: [Entry]
    /// Folders inside genre folders, which are not read.
    let subfolders: [String]
    /// Files that are skipped, each with the reason: another file has the same name and another extension.
    let skipped: [String]

    /// Extensions of audio files. A file with another extension that cannot be read is a cover or a cue sheet.
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
                // A cover or a cue sheet has the same name as its track and must not be taken for it.
                let readable = paths.count > 1 ? paths.filter { (try? AudioFileReader(path: $0)) != nil } : paths
                let called = paths.filter { Self.extensions.contains(($0 as NSString).pathExtension.lowercased()) }
                // If none can be read, take one with an audio extension: its error is reported.
                let path = readable.first ?? called.first ?? paths[0]
                entries.append(Entry(name: TrackName(genre: genre, track: track), path: path))
                func local(_ path: String) -> String { String(path.dropFirst(root.count + 1)) }
                skipped += paths.filter { $0 != path && (readable + called).contains($0) }.map { other in
                    readable.contains(other)
                        ? "\(local(other)): skipped: another file has the same name with another extension"
                        : "\(local(other)): skipped: it cannot be read, and \(local(path)) has the same name"
                }
            }
        }
        guard !entries.isEmpty else {
            throw TrainingError(
                .malformed, "no audio in '\(root)'; expected <genre>/<track>.<any extension>")
        }
        self.entries = entries
        self.skipped = skipped
        self.subfolders = subfolders
    }
}
