// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Glibc

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "What is heard, live.",
        discussion: """
            On a terminal, a view that fills the screen: a bar a genre, the label and how sure it is, the level, the \
            recent past as a strip of time; with many sources, a row each. When genred is restarted it connects again.

              q        quit
              ↑ ↓      select a source (also j, k, Page Up, Page Down, Home, End)
              ← →      the time that the strip spans
              Enter    a list of the sources alone, or with the details of one

            With --json, or when the output is no terminal, a JSON object a line: an estimate of each source \
            as it is now, then each notification, with the kind in "event": estimate, change, state, or lost (so many \
            estimates were missed). When genred goes, this ends with exit code 5.
            """
    )

    @OptionGroup var options: CommonOptions

    @Argument(help: "A source's name; every source without it.")
    var source: String?

    @Option(help: ArgumentHelp("End by itself after so many seconds.", valueName: "n"))
    var seconds: Double?

    func validate() throws {
        if let seconds, !(0...1e9).contains(seconds) {
            throw ValidationError("--seconds is a number of seconds, 0 or more.")
        }
    }

    func run() throws {
        let end = seconds.map { ContinuousClock.now + .seconds($0) }
        do {
            if !options.json, let terminal = Terminal() {
                try WatchScreen(path: options.path, source: source, terminal: terminal).run(until: end)
            } else {
                try WatchStream.run(path: options.path, source: source, until: end)
            }
        } catch let error as ControlError {
            throw Failure.exit(for: error)
        }
    }
}
