// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import ControlProtocol

/// The command `genrectl annotate`.
struct AnnotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "annotate",
        abstract: "Say what is playing at a source: its title.",
        discussion: """
            The title appears in current, watch and history until another one is set, or until the source's stream ends. \
            With an empty title, or with --clear, it is forgotten. genred removes line breaks and control characters, and cuts \
            it to 200 characters; annotate prints it as it is published.

            EXAMPLES:
              genrectl annotate radio "Miles Davis – So What"
              genrectl annotate radio --clear

            Pass on what a music player says, with playerctl:
              playerctl --follow metadata --format '{{artist}} – {{title}}' |
                while IFS= read -r title; do genrectl annotate radio -- "$title"; done
            """
    )

    @OptionGroup var options: CommonOptions

    @Argument(help: "The name of a source.")
    var source: String

    @Argument(help: "The title; empty to forget it.")
    var title: String?

    @Flag(help: "Forget the title.")
    var clear = false

    func validate() throws {
        if clear, let title, !title.isEmpty {
            throw ValidationError("A title and --clear: use one of them.")
        }
        if !clear, title == nil {
            throw ValidationError("The title is missing; to forget it, use --clear.")
        }
    }

    func run() throws {
        try options.withClient { client in
            let title = try client.annotate(source: source, title: clear ? nil : title)
            if options.json {
                try Output.json(AnnotateResult(title: title))
            } else {
                Output.lines([title.map { Line($0) } ?? Line("no title", .quiet)])
            }
        }
    }
}
