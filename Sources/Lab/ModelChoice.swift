// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Model

/// The option that says which model is used.
struct ModelChoice: ParsableArguments {
    @Option(help: ArgumentHelp("The model; the shipped one by default.", valueName: "file"))
    var model: String?

    func load() throws -> GenreModel {
        if let model, model != "default" { return try GenreModel(contentsOf: model) }
        return try GenreModel.shipped()
    }
}
