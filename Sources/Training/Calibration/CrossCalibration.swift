// SPDX-License-Identifier: GPL-3.0-or-later

/// The calibrations of a cross-validation: each network's is fitted to what the other folds held out, so that no network is
/// evaluated on the data that its calibration was fitted to. The final model's is fitted to all of it.
struct CrossCalibration {
    /// A network's outputs for everything that it held out, and the labels that it was trained on.
    struct Fold {
        var outputs: [ClipOutput]
        var trainedLabels: Set<Int>
    }

    /// One for each fold.
    let folds: [Calibration]
    let whole: Calibration

    /// Fits the calibrations.
    ///
    /// - Tracks that all folds hold out are for evaluation only: nothing is fitted to them.
    /// - Nothing is fitted to labels that a network was not trained on.
    /// - A fold whose training set lacks a label is left out, if at least two folds have all labels: it shows nothing about
    ///   how the others confuse labels.
    /// - A single network gets a temperature and no offsets; the temperature is fitted to the tracks that evaluate it.
    init(_ folds: [Fold], of corpus: Corpus, sampling: SamplingConfiguration) {
        func calibrationSet(_ outputs: [ClipOutput]) -> CalibrationSet {
            CalibrationSet(outputs, of: corpus, sampling: sampling)
        }
        guard folds.count > 1 else {
            let known = folds.flatMap { fold in fold.outputs.filter { fold.trainedLabels.contains($0.label) } }
            whole = Calibration(calibrationSet(known), offsets: false)
            self.folds = folds.map { [whole] _ in whole }
            return
        }
        let times = Dictionary(folds.flatMap(\.outputs).map { ($0.name, 1) }, uniquingKeysWith: +)
        let all = folds.reduce(into: Set<Int>()) { $0.formUnion($1.trainedLabels) }
        let complete = folds.count { $0.trainedLabels == all }
        let own = folds.map { fold in
            fold.trainedLabels == all || complete < 2
                ? fold.outputs.filter { times[$0.name] == 1 && fold.trainedLabels.contains($0.label) } : []
        }
        let everything = calibrationSet(own.flatMap(\.self))
        let others = own.indices.map { left in
            calibrationSet(own.enumerated().filter { $0.offset != left }.flatMap(\.element))
        }
        let place = Dictionary(
            uniqueKeysWithValues: own.enumerated().flatMap { fold, outputs in outputs.map { ($0.name, fold) } })
        func fits(offsets: Bool) -> (folds: [Calibration], loss: Double) {
            let fits = others.map { Calibration($0, offsets: offsets) }
            return (fits, everything.loss { fits[place[$0.name] ?? 0] })
        }
        let (plain, offset) = (fits(offsets: false), fits(offsets: true))
        // Offsets are used only if they improve the folds. This one choice for all of them is not cross-validated itself.
        let isBetter = complete > 1 && offset.loss < plain.loss
        self.folds = isBetter ? offset.folds : plain.folds
        whole = Calibration(everything, offsets: isBetter)
    }
}
