// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Model
import Synchronization
import Training

/// Audio to features.
struct ExtractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Turn a folder of audio into features to train on.",
        discussion: """
            AUDIO_DIR has a folder for each genre, with audio of any kind that libsndfile reads (WAV, FLAC, Ogg, Opus, \
            MP3). FEATURE_DIR gets <genre>/<track>.npy: log-mel in dB, [frames, 64], by the front end that genred \
            listens with. What is there already and newer than its audio is kept, so that an extraction that was \
            stopped goes on where it was. Files that cannot be read are listed at the end; the others are extracted.

            --json also writes the classic single file of segments: mapping (the genres), labels (an index for each \
            segment), mfcc (for each segment of 3 s its 50 frames of 32 coefficients).

            EXIT CODES: 0 all were extracted; 1 some were not, or nothing could be done.
            """)

    @Argument(help: "The folder of audio: <genre>/<track>.<any extension>.")
    var audioDir: String

    @Argument(help: "The feature store to make or to complete.")
    var featureDir: String

    @Option(help: ArgumentHelp("Write the segments' MFCCs to one JSON file too.", valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp(
            "Send the audio through something first: \(Passage.all.map(\.name).joined(separator: ", ")). Stores made so"
                + " are --variants for train; a store has one sound.", valueName: "what"))
    var through: String?

    @Option(help: "Files at once; one a core by default.")
    var jobs: Int?

    @Flag(help: "Store 32 bits a value instead of 16.")
    var float32 = false

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be 1 to 256") }
        if let through, Passage(name: through) == nil {
            throw ValidationError(
                "--through '\(through)' is unknown; there are \(Passage.all.map(\.name).joined(separator: ", "))")
        }
    }

    func run() throws {
        let folder = try AudioFolder(audioDir)
        try checkSound()
        if let json { try checkWritable(json) }
        for genre in Set(folder.entries.map(\.name.genre)) { try makeFolder("\(featureDir)/\(genre)") }
        let waiting = folder.entries.filter { !isExtracted($0) }
        let kept = folder.entries.count - waiting.count
        if kept > 0 { Terminal.note("\(kept) of \(folder.entries.count) tracks are there already") }
        let (failures, silent) = extract(waiting)
        for remark in folder.skipped { Terminal.note(remark) }
        for path in silent {
            Terminal.note("\(path): nothing but silence, which will be learned as its genre")
        }
        for folder in folder.subfolders {
            Terminal.note("\(folder): a folder within a genre; not looked into")
        }
        for (path, reason) in failures {
            // What Capture says names the file already.
            Terminal.note(reason.hasPrefix(path) ? reason : "\(path): \(reason)")
        }
        Terminal.note(
            "\(folder.entries.count - failures.count) tracks in \(featureDir)"
                + (failures.isEmpty ? "" : ", \(failures.count) could not be extracted"))
        if let json { try writeSegments(folder.entries.map(\.name), to: json) }
        if !failures.isEmpty || !folder.skipped.isEmpty { throw ExitCode.failure }
    }

    /// Refuses to mix: a store is of the audio as it is, or of what it was sent through, which a hidden file says.
    private func checkSound() throws {
        let mark = "\(featureDir)/.through"
        let known = try? String(contentsOfFile: mark, encoding: .utf8)
        let isEmpty = (try? FeatureStore(at: featureDir)) == nil
        guard known == through || isEmpty else {
            throw TrainingError(
                .badParameter,
                "'\(featureDir)' has features of audio \(known.map { "through \($0)" } ?? "as it is"): give another folder,"
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

    /// Whether the features are there, whole, newer than the audio and of the wanted precision.
    private func isExtracted(_ entry: AudioFolder.Entry) -> Bool {
        let path = FeatureStore.path(of: entry.name, in: featureDir)
        func date(_ path: String) -> Date? {
            (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        }
        guard let extracted = date(path), let recorded = date(entry.path), extracted >= recorded else { return false }
        return FeatureStore.contains(entry.name, in: featureDir, halfPrecision: !float32)
    }

    /// Extracts the entries, several at once; what failed, and the paths of what is silent, in their order.
    private func extract(
        _ entries: [AudioFolder.Entry]
    ) -> (failures: [(name: String, reason: String)], silent: [String]) {
        guard !entries.isEmpty else { return ([], []) }
        let passage = through.flatMap(Passage.init)
        let progress = ProgressBar("Extracting", total: entries.count)
        let failures = Mutex<[Int: String]>([:])
        let silent = Mutex<Set<Int>>([])
        Workers(count: jobs).forEach(entries.count) { index, _ in
            do {
                let features = try AudioFeatures.read(
                    entries[index].path, entries[index].name, through: passage)
                guard features.frames > 0 else {
                    throw TrainingError(.unsupported, "shorter than one frame (0.1 s)")
                }
                // Also where samples are no numbers, for these are heard as zero.
                if features.values.allSatisfy({ $0 == features.values[0] }) { _ = silent.withLock { $0.insert(index) } }
                try FeatureStore.write(features, as: entries[index].name, in: featureDir, halfPrecision: !float32)
            } catch {
                failures.withLock { $0[index] = "\(error)" }
            }
            progress.advance()
        }
        return (
            failures.withLock { $0.sorted { $0.key < $1.key } }.map { (entries[$0.key].path, $0.value) },
            silent.withLock { $0.sorted() }.map { entries[$0].path }
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
