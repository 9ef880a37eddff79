// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// The metadata that a session's models carry.
extension TrainingReport {
    /// The offsets that are not 0, by label.
    private func named(_ offsets: [Float]) -> [(label: String, offset: Double)] {
        zip(labels, offsets).filter { $0.1 != 0 }.map { (label: $0, offset: Double($1)) }
    }

    /// Description of the offsets for people; nil if all are 0.
    package var offsetsInWords: String? {
        let each = named(offsets).map { label, offset in
            "\(label) \(offset < 0 ? "−" : "+")\(String(format: "%.2f", abs(offset)))"
        }
        return each.isEmpty ? nil : "added to the logits: \(each.joined(separator: ", "))"
    }

    private static func json(_ value: some Encodable) -> String { (try? JSON.text(value)) ?? "" }

    private static func round(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

    private func card(offsets: [Float]) -> String? {
        let named = named(offsets).map { ($0.label, Self.round($0.offset)) }
        return named.isEmpty ? nil : Self.json(Dictionary(uniqueKeysWithValues: named))
    }

    /// Metrics in the format of a model card.
    private struct Measured: Encodable {
        var windows: Int
        var windowAccuracy: Double
        var windowInterval: [Double]?
        var nll: Double
        var ece: Double
        var clips: Int
        var clipAccuracy: Double
        var clipInterval: [Double]?
        var clipMacroF1: Double?

        enum CodingKeys: String, CodingKey {
            case windows, nll, ece, clips
            case windowAccuracy = "window_accuracy"
            case windowInterval = "window_interval"
            case clipAccuracy = "clip_accuracy"
            case clipInterval = "clip_interval"
            case clipMacroF1 = "clip_macro_f1"
        }

        init(_ fold: Fold) {
            windows = fold.windows
            windowAccuracy = TrainingReport.round(fold.windowAccuracy)
            nll = TrainingReport.round(fold.nll)
            ece = TrainingReport.round(fold.ece)
            clips = fold.clips
            clipAccuracy = TrainingReport.round(fold.clipAccuracy)
        }

        init(_ metrics: ClassificationMetrics) {
            windows = metrics.windows.n
            windowAccuracy = TrainingReport.round(metrics.windows.accuracy)
            windowInterval = metrics.windows.interval.map(TrainingReport.round)
            nll = TrainingReport.round(metrics.windows.nll)
            ece = TrainingReport.round(metrics.windows.ece)
            clips = metrics.clips.n
            clipAccuracy = TrainingReport.round(metrics.clips.accuracy)
            clipInterval = metrics.clips.interval.map(TrainingReport.round)
            clipMacroF1 = TrainingReport.round(metrics.clips.macroF1)
        }
    }

    /// The metadata that all models of the session share. Only the date differs between identical sessions.
    private var commonCard: [String: String] {
        [
            "date": date, "seed": "\(seed)", "recipe": Self.json(configuration), "weights": "\(weights)",
            "data": dataInWords, "data_hash": dataHash,
            "multiplications_per_second": "\(Int(multiplicationsPerSecond))",
        ]
    }

    /// The metadata of a fold's model.
    func card(ofRun run: String) -> [String: String] {
        let own = byFold.filter { $0.run == run }
        guard let first = own.first else { return card }
        var card = commonCard
        card["split"] = "\(run) of \(folds), evaluated on its held-out tracks"
        card["offsets_in_head_bias"] = self.card(offsets: first.offsets)
        for fold in own { card["measured_\(fold.store)"] = Self.json(Measured(fold)) }
        return card
    }

    /// The metadata of the final model.
    var card: [String: String] {
        var card = commonCard
        guard !parts.isEmpty else {
            card["split"] = "trained on everything; nothing was held out, so its accuracy is unknown"
            return card
        }
        card["split"] =
            folds == 1
            ? "trained on one part, evaluated on the other, held-out part"
            : "evaluated by cross-validation: \(folds) networks, each on \(divided) that it never saw"
                + (hasSharedTracks ? " (tracks that every fold holds out count for the first only)" : "")
        if trainedOnEverything { card["split", default: ""] += "; then trained on everything" }
        card["offsets_in_head_bias"] = self.card(offsets: offsets)
        for part in parts { card["measured_\(part.store)"] = Self.json(Measured(part.metrics)) }
        if let noMusicCalledMusic { card["no_music_called_music"] = "\(Self.round(noMusicCalledMusic))" }
        if let musicCalledNoMusic { card["music_called_no_music"] = "\(Self.round(musicCalledNoMusic))" }
        return card
    }
}
