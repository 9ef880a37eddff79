// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Model
import Training

/// `genrelab export`: writes a model as plain weights.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a model as a file of weights and a JSON description.",
        discussion: """
            WEIGHTS holds float32 tensors: blocks.N.weight [out, in, kernel], blocks.N.bias [out], head.weight \
            [labels, features], head.bias [labels]. In a network with branches, names begin with branches.B., and a branch \
            with bands also has input.weight [bands, in], input.bias [bands], blocks2d.N.weight [out, in, time, frequency] \
            and blocks2d.N.bias [out]. DESCRIPTION holds JSON: architecture, labels, temperature, card. \
            docs/training.md shows the same network in PyTorch.
            """)

    @OptionGroup var choice: ModelOption

    @Argument(help: "The .safetensors file to write.")
    var weights: String

    @Argument(help: "The JSON file to write.")
    var description: String

    func validate() throws {
        let files = [weights, description].map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
        if files[0] == files[1] { throw ValidationError("WEIGHTS and DESCRIPTION must be two different files") }
    }

    func run() throws {
        try ModelExchange.export(choice.load(), weights: weights, description: description)
    }
}

/// `genrelab import`: makes a model from plain weights.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a model from a file of weights and a JSON description.",
        discussion:
            "The reverse of export. The files can come from PyTorch or any other program that trains this network.")

    @Argument(help: "The .safetensors file of weights.")
    var weights: String

    @Argument(help: "The JSON file with the description.")
    var description: String

    @Option(help: ArgumentHelp("The model to write.", valueName: "model"))
    var out: String

    @Flag(help: "Store 32 bits per weight instead of 16.")
    var float32 = false

    func run() throws {
        try ModelExchange.model(weights: weights, description: description).write(to: out, halfPrecision: !float32)
    }
}
