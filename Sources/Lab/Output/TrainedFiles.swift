// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Training

/// The files that a training run writes: the model, the report beside it, and each fold's model and held-out tracks.
struct TrainedFiles {
    /// The path of the model; nil if none is written.
    var model: String?
    /// The path of the report, without its extensions `json` and `html`.
    var report: String
    /// The number of folds that are kept.
    var folds: Int

    /// Checks before the training that its results can be written.
    func checkWritable() throws {
        let folds = (0..<folds).flatMap { [foldModel($0), foldTracks($0)] }
        for path in [report, report + ".json", report + ".html"] + folds { try Training.checkWritable(path) }
    }

    func write(_ result: TrainingSession.Result) throws {
        if let model { try result.model.write(to: model) }
        try writeFile(result.report.json().utf8, to: report + ".json")
        try writeFile(ReportPage(result.report).html.utf8, to: report + ".html")
        for (number, fold) in result.folds.prefix(folds).enumerated() {
            try fold.model.write(to: foldModel(number))
            try writeFile(fold.heldOut.map { "\($0)\n" }.joined().utf8, to: foldTracks(number))
        }
    }

    private func foldModel(_ number: Int) -> String { foldStem(number) + ".safetensors" }
    private func foldTracks(_ number: Int) -> String { foldStem(number) + ".txt" }
    private func foldStem(_ number: Int) -> String {
        "\((report as NSString).deletingPathExtension).fold\(number + 1)"
    }
}
