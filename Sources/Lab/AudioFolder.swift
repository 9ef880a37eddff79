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
    /// Files that would have the name of another one.
    let clashes: [String]

    /// Lists the folder, sorted by genre and track.
    init(_ root: String) throws(TrainingError) {
        var entries: [Entry] = []
        var clashes: [String] = []
        for genre in try listFolder(root) where isFolder("\(root)/\(genre)") {
            var seen: Set<TrackName> = []
            for file in try listFolder("\(root)/\(genre)") where !isFolder("\(root)/\(genre)/\(file)") {
                let name = TrackName(genre: genre, track: (file as NSString).deletingPathExtension)
                if seen.insert(name).inserted {
                    entries.append(Entry(name: name, path: "\(root)/\(genre)/\(file)"))
                } else {
                    clashes.append("\(genre)/\(file)")
                }
            }
        }
        guard !entries.isEmpty else {
            throw TrainingError(
                .malformed, "'\(root)' has no audio in folders by genre: <genre>/<track>.<any extension> is expected")
        }
        self.entries = entries
        self.clashes = clashes
    }
}
