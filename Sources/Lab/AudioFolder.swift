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
        "aif", "aifc", "aiff", "au", "caf", "flac", "mp3", "oga", "ogg", "opus", "wav",
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
                let audio = paths.count > 1 ? paths.filter { (try? AudioFileReader(path: $0)) != nil } : paths
                entries.append(
                    Entry(name: TrackName(genre: genre, track: track), path: audio.first ?? paths[0]))
                func local(_ path: String) -> String { String(path.dropFirst(root.count + 1)) }
                skipped += audio.dropFirst().map {
                    "\(local($0)): skipped: another file has the same name but for the extension"
                }
                guard let first = audio.first, paths.count > 1 else { continue }
                skipped += paths.filter { path in
                    !audio.contains(path) && Self.extensions.contains((path as NSString).pathExtension.lowercased())
                }.map { "\(local($0)): skipped: it cannot be read, and \(local(first)) has its name" }
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
