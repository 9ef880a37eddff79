// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Model
import Training

/// A model to plain weights.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a model's weights and its description as plain files.",
        discussion: """
            WEIGHTS gets float32 tensors: blocks.N.weight [out, in, kernel], blocks.N.bias [out], head.weight \
            [labels, features], head.bias [labels]; where there are branches, their names begin with branches.B., and one \
            with bands has input.weight [bands, in], input.bias [bands], blocks2d.N.weight [out, in, time, frequency] and \
            blocks2d.N.bias [out] besides. DESCRIPTION gets JSON: architecture, labels, temperature, card. \
            docs/training.md shows the same network in PyTorch.
            """)

    @OptionGroup var choice: ModelChoice

    @Argument(help: "The .safetensors file to write.")
    var weights: String

    @Argument(help: "The JSON file to write.")
    var description: String

    func validate() throws {
        let files = [weights, description].map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
        if files[0] == files[1] { throw ValidationError("weights and description must be two files") }
    }

    func run() throws {
        try ModelExchange.export(choice.load(), weights: weights, description: description)
    }
}

/// Plain weights to a model.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a model of weights and a description.",
        discussion: "The reverse of export: the files can come from PyTorch or anything else that trains this network.")

    @Argument(help: "The .safetensors file of weights.")
    var weights: String

    @Argument(help: "The JSON file that describes them.")
    var description: String

    @Option(help: ArgumentHelp("Where the model is written.", valueName: "model"))
    var out: String

    @Flag(help: "Store 32 bits a weight instead of 16.")
    var float32 = false

    func run() throws {
        try ModelExchange.model(weights: weights, description: description).write(to: out, halfPrecision: !float32)
    }
}
