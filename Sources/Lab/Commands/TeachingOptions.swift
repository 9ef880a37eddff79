// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser

/// The options that give a teacher's targets to train on.
struct TeachingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A folder of targets, written by genrelab targets or any other program; can be repeated. A track that several"
                + " of them have gets their mean.",
            valueName: "dir"))
    var targets: [String] = []

    @Option(
        help: ArgumentHelp(
            "A feature store whose folders are not labels; can be repeated. Its tracks are trained on by their targets alone.",
            valueName: "dir"))
    var unlabelled: [String] = []

    func validate() throws {
        guard unlabelled.isEmpty || !targets.isEmpty else {
            throw ValidationError("--unlabelled needs --targets DIR: what its tracks are to teach")
        }
    }
}
