// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol

/// The command `genrectl describe`.
struct DescribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Show the version of genred, its identity and the card of its model."
    )

    @OptionGroup var options: CommonOptions

    func run() throws {
        try options.withClient { client in
            let description = try client.describe()
            if options.json {
                try Output.json(description)
            } else {
                Output.lines(ModelView.lines(description))
            }
        }
    }
}

/// Formats the result of `describe` for people.
enum ModelView {
    static func lines(_ description: Description) -> [Line] {
        var table = Table(.left, .left)
        func row(_ name: String, _ text: String) { table.append(Line(name, .quiet), Line(text)) }
        row("program", "\(description.name) \(description.version)")
        row(
            "protocol",
            "version \(description.protocolVersion): \(description.methods.joined(separator: ", "))")
        row("instance", description.instance)
        row("model", description.model.path)
        row("", summary(description.model))
        row("labels", description.model.labels.joined(separator: ", "))
        for (name, text) in description.model.card.sorted(by: { $0.key < $1.key }) { row(name, text) }
        return table.lines()
    }

    static func summary(_ model: ModelInfo) -> String {
        "\(NumberText.counted(model.labels.count, "label")), \(Wording.decimal(Double(model.parameters))) parameters"
    }
}
