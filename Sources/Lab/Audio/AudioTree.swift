// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// The files below a folder, at any depth, as far as they may be audio.
struct AudioTree {
    struct File {
        /// Its path, and the part of it below the folder.
        var path: String
        var local: String
        /// Whether its extension is that of audio; else only an attempt shows what it is.
        var isCalledAudio: Bool
    }

    /// Sorted by folder and name.
    private(set) var files: [File] = []
    /// The number of files that are no audio, by extension.
    private(set) var others: [String: Int] = [:]
    /// Folders and files that were not read although they should have been, each with the reason.
    private(set) var problems: [String] = []
    /// What else a reader should know.
    private(set) var remarks: [String] = []
    /// The folder or file of each folder that was read: a link can lead back to it.
    private var seen: [String: String] = [:]

    /// Extensions of audio files: such a file that cannot be decoded is an error.
    static let audioExtensions: Set<String> = [
        "3gp", "aac", "ac3", "aif", "aifc", "aiff", "amr", "ape", "au", "caf", "dff", "dsf", "dts", "flac", "m4a",
        "m4b",
        "mka", "mkv", "mov", "mp2", "mp3", "mp4", "mpc", "mpga", "oga", "ogg", "opus", "ra", "rf64", "rm", "shn", "snd",
        "spx", "tak", "tta", "voc", "w64", "wav", "wave", "webm", "wma", "wv",
    ]

    /// Extensions of what lies beside music. Files of other extensions are tried.
    private static let otherExtensions: Set<String> = [
        "accurip", "bmp", "cue", "db", "doc", "docx", "ffp", "gif", "htm", "html", "ini", "jpeg", "jpg", "json", "lnk",
        "log", "lrc", "m3u", "m3u8", "md", "md5", "nfo", "npy", "pdf", "plist", "pls", "png", "rar", "rtf", "sfv",
        "srt",
        "svg", "tif", "tiff", "torrent", "txt", "url", "webp", "xml", "xspf", "yaml", "yml", "zip",
    ]

    /// Lists a folder and all that is in it. Hidden files and folders are passed over.
    init(_ root: String) { read(root, local: "") }

    private mutating func read(_ path: String, local: String) {
        guard let folder = PathText.withPath(path, { opendir($0) }) else {
            problems.append("\(path): the folder cannot be read: \(systemMessage(errno))")
            return
        }
        defer { closedir(folder) }
        var status = stat()
        if fstat(dirfd(folder), &status) == 0 {
            let identity = "\(status.st_dev):\(status.st_ino)"
            if let other = seen[identity] {
                remarks.append("\(path): not read a second time: it is the same folder as \(other)")
                return
            }
            seen[identity] = path
        }
        var names: [[UInt8]] = []
        while let entry = readdir(folder) {
            // Safe: the entry is valid until the next call, and d_name ends with a zero.
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
        let count = files.count
        var hasFolders = false
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let name = PathText.text(name)
            let (child, below) = ("\(path)/\(name)", local.isEmpty ? name : "\(local)/\(name)")
            var status = stat()
            guard PathText.withPath(child, { stat($0, &status) }) == 0 else {
                problems.append("\(child): \(systemMessage(errno))")
                continue
            }
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            if isFolder { hasFolders = true }
            if isFolder, !name.hasPrefix(".") {
                read(child, local: below)
            } else if !isFolder {
                let file = File(path: child, local: below, isCalledAudio: false)
                take(file, name, isRegular: status.st_mode & S_IFMT == S_IFREG)
            }
        }
        if !hasFolders, files.count == count { remarks.append("\(path): no audio in this folder") }
    }

    private mutating func take(_ file: File, _ name: String, isRegular: Bool) {
        let kind = Self.pathExtension(name)
        if name.hasPrefix(".") || !isRegular || Self.otherExtensions.contains(kind) || name == "Thumbs.db" {
            passOver(file)
        } else {
            files.append(
                File(path: file.path, local: file.local, isCalledAudio: Self.audioExtensions.contains(kind)))
        }
    }

    /// Counts a file as none of audio.
    mutating func passOver(_ file: File) {
        let name = file.local.split(separator: "/").last ?? ""
        let kind = name.hasPrefix(".") ? "" : Self.pathExtension(String(name))
        others[kind.isEmpty ? "other" : kind, default: 0] += 1
    }

    /// One line, such as `14 files that are no audio were passed over (8 jpg, 6 m3u)`; nil if there are none.
    var othersText: String? {
        let count = others.values.reduce(0, +)
        guard count > 0 else { return nil }
        let kinds = others.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let shown = kinds.prefix(6).map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let verbs = count == 1 ? "that is no audio was" : "that are no audio were"
        return "\(NumberText.counted(count, "file")) \(verbs) passed over (\(shown)\(kinds.count > 6 ? ", …" : ""))"
    }

    /// The extension of a file's name in small letters; empty if it has none.
    static func pathExtension(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    /// A path without the extension of its last part.
    static func stem(_ path: String) -> String {
        let name = path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return path }
        return String(path[..<dot])
    }
}
