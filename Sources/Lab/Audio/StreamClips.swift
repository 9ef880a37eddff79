// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Model
import Training

/// What `genrelab streams` plays: clips of audio, or the features of clips.
struct StreamClips {
    /// How clips are played.
    struct Settings {
        /// Seconds of each clip.
        var seconds: Double
        /// How often each clip is played, each time between other neighbours.
        var rounds: Int
        var seed: UInt64
        /// How much louder than the music speech over it is, dB; nil plays the clips alone.
        var speechLead: Double?
    }

    /// What happened to the clips.
    struct Losses {
        /// The number of clips that were not played.
        var leftOut = 0
        /// The clips of which only a part was heard.
        var partial: Set<String> = []
    }

    private let clips: Clips
    private let settings: Settings

    private enum Clips {
        case audio([AudioFolder.Entry])
        case features([(name: TrackName, store: FeatureStore)])

        var names: [TrackName] {
            switch self {
            case .audio(let entries): entries.map(\.name)
            case .features(let tracks): tracks.map(\.name)
            }
        }
    }

    init(_ folder: AudioFolder, _ settings: Settings) {
        clips = .audio(folder.entries)
        self.settings = settings
    }

    init(_ stores: [FeatureStore], _ settings: Settings) throws(TrainingError) {
        let tracks = stores.flatMap { store in store.tracks.map { (name: $0, store: store) } }
        if let (name, _) = Dictionary(grouping: tracks, by: \.name).first(where: { $1.count > 1 }) {
            throw TrainingError(.badParameter, "'\(name)' is in two stores: give each track once")
        }
        clips = .features(tracks)
        self.settings = settings
    }

    /// Records the streams of a model, in which it hears each of its tracks once a round.
    ///
    /// - Parameters:
    ///   - names: the tracks to play; nil plays all.
    ///   - seed: what makes the orders of this model's streams differ from those of others.
    /// - Throws: if nothing of it can be played.
    func record(
        _ model: GenreModel, only names: Set<TrackName>?, seed: UInt64, _ losses: inout Losses
    ) throws -> [RecordedStream] {
        func isPlayable(_ name: TrackName) -> Bool {
            let isKnown = model.labels.contains(name.genre) || settings.speechLead != nil && name.isSpeech
            return isKnown && names?.contains(name) != false
        }
        guard clips.names.contains(where: isPlayable) else {
            throw TrainingError(
                .badParameter, "none of the tracks is on the list and has a label that the model knows")
        }
        switch clips {
        case .audio(let entries):
            return try record(model, entries.filter { isPlayable($0.name) }, settings.seed &+ seed << 32, &losses)
        case .features(let tracks):
            return try record(model, tracks.filter { isPlayable($0.name) }, settings.seed &+ seed << 32)
        }
    }

    /// Records audio: one stream per round. A stream has one sample rate, so clips of different rates play in different
    /// streams.
    private func record(
        _ model: GenreModel, _ entries: [AudioFolder.Entry], _ seed: UInt64, _ losses: inout Losses
    ) throws -> [RecordedStream] {
        let progress = ProgressBar("Listening", total: entries.count * settings.rounds)
        var rates: [Int: [AudioFolder.Entry]] = [:]
        for entry in entries {
            do {
                rates[try AudioFileReader(path: entry.path).format.sampleRate, default: []].append(entry)
            } catch {
                Output.note("left out: \(error)")
                losses.leftOut += 1
            }
        }
        var streams: [RecordedStream] = []
        for (rate, entries) in rates.sorted(by: { $0.key < $1.key }) {
            let paths = Dictionary(entries.map { ($0.name, $0.path) }) { first, _ in first }
            for round in 0..<settings.rounds {
                let recorder = try StreamRecorder(model: model, rate: rate)
                for name in StreamOrder.apart(entries.map(\.name), seed: seed &+ UInt64(round)) {
                    let path = paths[name] ?? ""
                    let reader = try AudioFileReader(path: path)
                    let samples = reader.readAll().prefix(Int(settings.seconds * Double(rate)))
                    if let text = reader.losses.text, losses.partial.insert(name.description).inserted {
                        Output.note("\(path): \(text)")
                    }
                    recorder.play(Array(samples), label: model.labels.firstIndex(of: name.genre) ?? 0)
                    progress.advance()
                }
                streams.append(recorder.stream)
            }
        }
        return streams
    }

    /// Records features: one stream per round.
    private func record(
        _ model: GenreModel, _ tracks: [(name: TrackName, store: FeatureStore)], _ seed: UInt64
    ) throws -> [RecordedStream] {
        let stores = Dictionary(tracks) { first, _ in first }
        let frames = Int(settings.seconds / model.frontEnd.hopDuration)
        guard settings.speechLead == nil || model.labels.contains(TrackName.speechFolder) else {
            throw TrainingError(
                .badParameter, "--speech-lead needs a model with the label '\(TrackName.speechFolder)'")
        }
        let speakers = settings.speechLead == nil ? [] : tracks.filter { $0.name.isSpeech }
        let played = settings.speechLead == nil ? tracks : tracks.filter { isMusic($0.name, model) }
        guard settings.speechLead == nil || !speakers.isEmpty else {
            throw TrainingError(
                .badParameter, "--speech-lead needs tracks in a folder '\(TrackName.speechFolder)' of a store")
        }
        guard !played.isEmpty else {
            throw TrainingError(.badParameter, "--speech-lead needs music for somebody to talk over")
        }
        let progress = ProgressBar("Listening", total: played.count * settings.rounds)
        return try (0..<settings.rounds).map { round in
            let recorder = try StreamRecorder(model: model)
            for (number, name) in StreamOrder.apart(played.map(\.name), seed: seed &+ UInt64(round)).enumerated() {
                guard let store = stores[name] else { continue }
                var clip = try store.load(name).prefix(frames)
                if let lead = settings.speechLead {
                    let speaker = speakers[(number + round) % speakers.count]
                    clip = clip.mixed(withSpeech: try speaker.store.load(speaker.name), lead: Float(lead))
                }
                recorder.play(clip, label: model.labels.firstIndex(of: name.genre) ?? 0)
                progress.advance()
            }
            return recorder.stream
        }
    }

    private func isMusic(_ name: TrackName, _ model: GenreModel) -> Bool {
        model.labels.firstIndex(of: name.genre).map { !model.noMusicLabels.contains($0) } ?? false
    }
}
