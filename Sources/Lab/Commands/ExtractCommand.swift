// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Model
import Synchronization
import Training

/// `genrelab extract`: computes the features of audio files.
struct ExtractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Compute features from a folder of audio, to train on.",
        discussion: """
            AUDIO_DIR has one folder per genre, with audio at any depth: <genre>/<artist>/<album>/<track>. Any format \
            that libsndfile reads (WAV, FLAC, Ogg, Opus, MP3) will do and, if ffmpeg is installed, any other. Covers, \
            playlists and other files that are no audio are passed over and counted. FEATURE_DIR gets <genre>/<track>.npy: log-mel in dB, [frames, 64], computed by genred's own front \
            end. Features that are newer than their audio are kept, so an interrupted extraction continues where it \
            stopped. Files that cannot be read are listed at the end; all others are extracted.

            A track is called like its file, without the extension; if that lies deeper, the name has the whole path, \
            with %2F for each slash: rock/Artist%2FAlbum%2FSong. Bytes that are no UTF-8 are written %XX too.

            --json also writes the classic single file of segments: mapping (the genres), labels (the index of each \
            segment's genre), mfcc (50 frames of 32 coefficients for each segment of 3 s).

            EXIT CODES:
              0   all files were extracted
              1   some were not, or nothing could be done
              2   all were, but some are damaged, and only a part of them was heard
            """)

    @Argument(help: "The folder of audio: <genre>/…/<track>.<any extension>.")
    var audioDir: String

    @Argument(help: "The feature store to create or to complete.")
    var featureDir: String

    @Option(help: ArgumentHelp("Also write the MFCCs of all segments to one JSON file.", valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp(
            "Degrade the audio first: \(Degradation.all.map(\.name).joined(separator: ", ")). The store is for train"
                + " --variants. A store holds one kind of audio.", valueName: "how"))
    var through: String?

    @OptionGroup var jobs: JobsOption

    @Flag(help: "Store 32 bits per value instead of 16.")
    var float32 = false

    func validate() throws {
        if let through, Degradation(name: through) == nil {
            throw ValidationError(
                "--through '\(through)' is unknown; choose one of \(Degradation.all.map(\.name).joined(separator: ", "))"
            )
        }
    }

    func run() throws {
        let folder = try AudioFolder(audioDir)
        try checkSound()
        if let json { try checkWritable(json) }
        for genre in Set(folder.entries.map(\.name.genre)) { try makeFolder("\(featureDir)/\(genre)") }
        let waiting = folder.entries.filter { !isExtracted($0) }
        let kept = folder.entries.count - waiting.count
        if kept > 0 { Output.note("\(kept) of \(NumberText.counted(folder.entries.count, "track")) up to date") }
        let (failures, silent, partial) = extract(waiting)
        for remark in folder.remarks + folder.skipped + partial { Output.note(remark) }
        for path in silent {
            Output.note("\(path): nothing but silence; training will learn silence as its genre")
        }
        for (path, reason) in failures {
            // Errors from Capture name the file already.
            Output.note(reason.hasPrefix(printable(path)) ? reason : "\(path): \(reason)")
        }
        Output.note(
            "\(NumberText.counted(folder.entries.count - failures.count, "track")) in \(featureDir)"
                + (failures.isEmpty ? "" : ", \(failures.count) could not be extracted"))
        if let json { try writeSegments(folder.entries.map(\.name), to: json) }
        if !failures.isEmpty || !folder.skipped.isEmpty { throw ExitCode.failure }
        if !partial.isEmpty { throw ExitCode.partly }
    }

    /// Refuses to mix original and degraded audio in one store; a hidden file records which of them a store holds.
    private func checkSound() throws {
        let mark = "\(featureDir)/.through"
        let known = try? String(contentsOfFile: mark, encoding: .utf8)
        let isEmpty = (try? FeatureStore(at: featureDir)) == nil
        guard known == through || isEmpty else {
            throw TrainingError(
                .badParameter,
                "'\(featureDir)' has features of \(known.map { "audio through \($0)" } ?? "the original audio"): choose another folder"
                    + " or remove it"
            )
        }
        guard let through else {
            unlink(mark)
            return
        }
        try makeFolder(featureDir)
        try writeFile(through.utf8, to: mark)
    }

    /// Whether the features exist, complete, newer than the audio and in the requested precision.
    private func isExtracted(_ entry: AudioFolder.Entry) -> Bool {
        let path = FeatureStore.path(of: entry.name, in: featureDir)
        func date(_ path: String) -> Double? {
            var status = stat()
            guard PathText.withPath(path, { stat($0, &status) }) == 0 else { return nil }
            return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
        }
        guard let extracted = date(path), let recorded = date(entry.path), extracted >= recorded else { return false }
        return FeatureStore.contains(entry.name, in: featureDir, halfPrecision: !float32)
    }

    /// Extracts the entries in parallel. Returns the failures, the paths of silent files, and a line for each file that was heard
    /// only in part, all in order.
    private func extract(
        _ entries: [AudioFolder.Entry]
    ) -> (failures: [(name: String, reason: String)], silent: [String], partial: [String]) {
        guard !entries.isEmpty else { return ([], [], []) }
        let degradation = through.flatMap(Degradation.init)
        let progress = ProgressBar("Extracting", total: entries.count)
        let failures = Mutex<[Int: String]>([:])
        let silent = Mutex<Set<Int>>([])
        let partial = Mutex<[Int: String]>([:])
        jobs.workers.forEach(entries.count) { index, _ in
            do {
                let (features, losses) = try AudioFeatures.read(
                    entries[index].path, entries[index].name, through: degradation)
                if let losses { partial.withLock { $0[index] = "\(entries[index].path): \(losses)" } }
                guard features.frames > 0 else {
                    throw TrainingError(.unsupported, "shorter than one frame (0.1 s)")
                }
                // This includes files of NaN, which the front end reads as zero.
                if features.values.allSatisfy({ $0 == features.values[0] }) { _ = silent.withLock { $0.insert(index) } }
                try FeatureStore.write(features, as: entries[index].name, in: featureDir, halfPrecision: !float32)
            } catch {
                failures.withLock { $0[index] = "\(error)" }
            }
            progress.advance()
        }
        return (
            failures.withLock { $0.sorted { $0.key < $1.key } }.map { (entries[$0.key].path, $0.value) },
            silent.withLock { $0.sorted() }.map { entries[$0].path },
            partial.withLock { $0.sorted { $0.key < $1.key } }.map(\.value)
        )
    }

    private func writeSegments(_ names: [TrackName], to path: String) throws {
        let writer = try SegmentsFile(path: path, genres: Set(names.map(\.genre)).sorted())
        for name in names {
            guard FeatureStore.contains(name, in: featureDir, halfPrecision: !float32) else { continue }
            try writer.append(try FeatureStore.load(name, in: featureDir), genre: name.genre)
        }
        try writer.finish()
    }
}
