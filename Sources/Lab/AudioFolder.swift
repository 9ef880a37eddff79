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
    /// Audio that would have the name of other audio.
    let clashes: [String]

    /// Lists the folder, sorted by genre and track.
    init(_ root: String) throws(TrainingError) {
        var entries: [Entry] = []
        var clashes: [String] = []
        var subfolders: [String] = []
        for genre in try listFolder(root) where isFolder("\(root)/\(genre)") {
            let names = try listFolder("\(root)/\(genre)")
            let files = names.filter { !isFolder("\(root)/\(genre)/\($0)") }
            subfolders += Set(names).subtracting(files).sorted().map { "\(genre)/\($0)" }
            let named = Dictionary(grouping: files) { ($0 as NSString).deletingPathExtension }
            for (track, files) in named.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                let paths = files.map { "\(root)/\(genre)/\($0)" }
                // A cover or a cue sheet has the name of its track, and must not stand for it.
                let audio = paths.count > 1 ? paths.filter { (try? AudioFileReader(path: $0)) != nil } : paths
                entries.append(
                    Entry(name: TrackName(genre: genre, track: track), path: audio.first ?? paths[0]))
                clashes += audio.dropFirst().map { String($0.dropFirst(root.count + 1)) }
            }
        }
        guard !entries.isEmpty else {
            throw TrainingError(
                .malformed, "'\(root)' has no audio in folders by genre: <genre>/<track>.<any extension> is expected")
        }
        self.entries = entries
        self.clashes = clashes
        self.subfolders = subfolders
    }
}
