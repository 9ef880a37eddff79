// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Training

/// A folder of audio with one folder per genre, which holds tracks at any depth: `<genre>/<track>.<any extension>`,
/// `<genre>/<artist>/<album>/<track>.<any extension>`.
struct AudioFolder {
    /// A track's name and its file.
    struct Entry {
        var name: TrackName
        var path: String
    }

    /// Sorted by genre and track.
    let entries: [Entry]
    /// What was not read although it should have been, each with the reason.
    let skipped: [String]
    /// What else a reader should know, such as how many covers there are.
    let remarks: [String]

    /// Lists the folder.
    init(_ root: String) throws(TrainingError) {
        var root = root
        while root.hasSuffix("/"), root.count > 1 { root.removeLast() }
        guard isFolder(root) else {
            // Says why it is none.
            _ = try listFolder(root)
            throw TrainingError(.cannotRead, "'\(root)' is not a folder")
        }
        var tree = AudioTree(root)
        var (entries, skipped): ([Entry], [String]) = ([], [])
        var withoutGenre = 0
        // A cover or a cue sheet can have the same name as its track and must not be taken for it.
        var groups: [(stem: String, files: [AudioTree.File])] = []
        var places: [String: Int] = [:]
        for file in tree.files {
            guard file.local.contains("/") else {
                withoutGenre += 1
                continue
            }
            let stem = AudioTree.stem(file.local)
            if let place = places[stem] {
                groups[place].files.append(file)
            } else {
                places[stem] = groups.count
                groups.append((stem, [file]))
            }
        }
        for (stem, files) in groups {
            func isReadable(_ file: AudioTree.File) -> Bool { (try? AudioFileReader(path: file.path)) != nil }
            let isSure = files.count == 1 && files[0].isCalledAudio
            let readable = isSure ? files : files.filter(isReadable)
            // If none can be read, take one with an audio extension: its error is reported.
            guard let file = readable.first ?? files.first(where: \.isCalledAudio) else {
                for file in files { tree.passOver(file) }
                continue
            }
            let parts = stem.split(separator: "/", maxSplits: 1)
            entries.append(Entry(name: TrackName(folder: String(parts[0]), path: String(parts[1])), path: file.path))
            for other in files where other.path != file.path {
                if readable.contains(where: { $0.path == other.path }) {
                    skipped.append("\(other.local): skipped: another file has the same name with another extension")
                } else if other.isCalledAudio {
                    skipped.append("\(other.local): skipped: it cannot be read, and \(file.local) has the same name")
                } else {
                    tree.passOver(other)
                }
            }
        }
        guard !entries.isEmpty else {
            let reason = tree.problems.first.map { "; \($0)" } ?? ""
            let what = withoutGenre > 0 ? "the audio in '\(root)' is in no folder of a genre" : "no audio in '\(root)'"
            throw TrainingError(
                .malformed, "\(what); expected <genre>/…/<track>.<any extension>\(reason)")
        }
        self.entries = entries.sorted { $0.name < $1.name }
        self.skipped = skipped + tree.problems
        let lost =
            withoutGenre == 0
            ? nil
            : "\(NumberText.counted(withoutGenre, "file")) in \(root) itself passed over: only what lies in a genre's folder has a genre"
        remarks = tree.remarks + [lost, tree.othersText].compactMap { $0 }
    }
}
