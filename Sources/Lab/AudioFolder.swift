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

    /// The file of a track under a folder, whatever its extension.
    static func file(of name: TrackName, in root: String) throws(TrainingError) -> String {
        let folder = "\(root)/\(name.genre)"
        guard let file = try listFolder(folder).first(where: { ($0 as NSString).deletingPathExtension == name.track })
        else { throw TrainingError(.cannotRead, "there is no audio of '\(name)' in '\(root)'") }
        return "\(folder)/\(file)"
    }

    /// The names of all tracks under a folder.
    static func tracks(in root: String) throws(TrainingError) -> [TrackName] {
        try AudioFolder(root).entries.map(\.name)
    }
}
