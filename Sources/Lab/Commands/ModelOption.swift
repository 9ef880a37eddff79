// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Model

/// The option `--model`.
struct ModelOption: ParsableArguments {
    @Option(help: ArgumentHelp("The model. By default the one that ships with genred.", valueName: "file"))
    var model: String?

    func load() throws -> GenreModel {
        if let model, model != "default" { return try GenreModel(contentsOf: model) }
        return try GenreModel.shipped()
    }
}
