// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Model

/// The option `--model`.
struct ModelOption: ParsableArguments {
    @Option(help: ArgumentHelp("The model. By default the one that ships with genred.", valueName: "file"))
    var model: String?

    func load() throws -> GenreModel { try Self.load(model ?? "default") }

    /// Loads a model by its path, or the shipped one by the name `default`.
    static func load(_ name: String) throws -> GenreModel {
        try name == "default" ? GenreModel.shipped() : GenreModel(contentsOf: name)
    }
}
