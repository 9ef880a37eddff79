// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Foundation
import Training

/// A file that is named on the command line.
enum AudioInput {
    /// Opens a file, standard input (`-`) or a FIFO, such as the shell's `<(…)`.
    static func reader(_ path: String) throws -> AudioFileReader {
        if path == "-" { return try copied(STDIN_FILENO, name: "standard input") }
        var status = stat()
        guard PathText.withPath(path, { stat($0, &status) }) == 0 else {
            let scheme = ["alsa:", "file:", "pipe:", "pulse:", "station:"].first { path.hasPrefix($0) }
            guard let scheme else { return try AudioFileReader(path: path) }
            let advice =
                scheme == "file:" || scheme == "pipe:"
                ? "write the path alone, or - for standard input" : "genred listens to it"
            throw TrainingError(
                .badParameter, "\(scheme) is for genred's sources; genrelab takes audio files and folders: \(advice)")
        }
        switch status.st_mode & S_IFMT {
        case S_IFIFO:
            let descriptor = PathText.withPath(path) { open($0, O_RDONLY | O_CLOEXEC) }
            guard descriptor >= 0 else {
                let code = errno
                throw TrainingError(.cannotRead, "cannot open: \(systemMessage(code))", call: "open", errno: code)
            }
            defer { close(descriptor) }
            return try copied(descriptor, name: path)
        case S_IFREG, S_IFDIR: return try AudioFileReader(path: path)
        default:
            throw TrainingError(
                .badParameter,
                "a device, not an audio file; genrelab takes files, folders, FIFOs, and - for standard input")
        }
    }

    /// Copies what comes to an unnamed file first, since most formats cannot be read from a pipe.
    private static func copied(_ descriptor: Int32, name: String) throws -> AudioFileReader {
        guard let file = tmpfile() else {
            throw TrainingError(
                .cannotWrite, "cannot make a temporary file: \(systemMessage(errno))", call: "tmpfile", errno: errno)
        }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw TrainingError(.cannotRead, "cannot read: \(systemMessage(errno))", call: "read", errno: errno)
            }
            if count == 0 { break }
            guard fwrite(buffer, 1, count, file) == count else {
                throw TrainingError(
                    .cannotWrite, "cannot write to a temporary file: \(systemMessage(errno))", call: "fwrite",
                    errno: errno)
            }
        }
        fflush(file)
        Glibc.rewind(file)
        return try AudioFileReader(fileDescriptor: dup(fileno(file)), name: name)
    }

    /// The audio files that are meant by what is named: a folder means all that are in it, at any depth.
    ///
    /// - Returns: the files, and what was not read although it should have been.
    static func files(_ named: [String]) -> (files: [String], problems: [String]) {
        var (files, problems): ([String], [String]) = ([], [])
        for path in named {
            guard path != "-", isFolder(path) else {
                files.append(path)
                continue
            }
            var tree = AudioTree(path)
            for file in tree.files {
                if file.isCalledAudio || (try? AudioFileReader(path: file.path)) != nil {
                    files.append(file.path)
                } else {
                    tree.passOver(file)
                }
            }
            for remark in tree.remarks { Output.note(remark) }
            if let text = tree.othersText { Output.note("\(path): \(text)") }
            problems += tree.problems
        }
        return (files, problems)
    }
}
