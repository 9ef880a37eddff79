// SPDX-License-Identifier: GPL-3.0-or-later

/// An experiment: the splits of a corpus to train and evaluate on, and whether a model of everything follows.
package struct TrainingPlan: Sendable {
    package var corpus: Corpus
    /// A network is trained for each split and evaluated on what it holds out; empty if nothing is held out.
    package var splits: [DataSplit]
    /// Whether the final model is trained on all tracks after the splits are evaluated: with folds, without splits, or on
    /// request.
    package var trainsOnEverything: Bool
    package var configuration: TrainingConfiguration
    package var seed: UInt64

    package init(
        corpus: Corpus, splits: [DataSplit], trainsOnEverything: Bool, configuration: TrainingConfiguration,
        seed: UInt64
    ) {
        self.corpus = corpus
        self.splits = splits
        self.trainsOnEverything = trainsOnEverything
        self.configuration = configuration
        self.seed = seed
    }
}
