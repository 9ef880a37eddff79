// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Glibc

/// The command `genrectl watch`.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show what is playing, live.",
        discussion: """
            On a terminal, watch fills the screen: the label with its probability, a bar for each genre, the level, and a \
            timeline of the recent past; with several sources, also one row for each. If genred restarts, watch reconnects.

              q        quit
              ↑ ↓      select a source (also j, k, Page Up, Page Down, Home, End)
              ← →      change the time span of the timeline
              Enter    show or hide the details below the list of sources

            On a terminal that cannot move its cursor, watch prints a line for each change.

            With --json, or if the output is not a terminal, watch prints one JSON object per line: the current estimate \
            of each source, then each notification. The key "event" names its kind: estimate, change, state, or lost (the \
            number of estimates that were dropped). If genred stops, watch ends with exit code 5.
            """
    )

    @OptionGroup var options: CommonOptions

    @Argument(help: "The name of a source; by default, every source.")
    var source: String?

    @Option(help: ArgumentHelp("Quit after N seconds.", valueName: "n"))
    var seconds: Double?

    func validate() throws {
        if let seconds, !(0...1e9).contains(seconds) {
            throw ValidationError("--seconds must be 0 or more.")
        }
    }

    func run() throws {
        let end = seconds.map { ContinuousClock.now + .seconds($0) }
        do {
            if !options.json, let terminal = Terminal() {
                let session = try WatchSession(path: options.path, source: source)
                WatchScreen(session, terminal: terminal).run(until: end)
            } else {
                try WatchLines.run(
                    path: options.path, source: source, until: end, isText: !options.json && isatty(STDOUT_FILENO) == 1)
            }
        } catch let error as ControlError {
            throw Failure.exit(for: error)
        }
    }
}
