// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import ControlProtocol

/// The command `genrectl reload`.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Make genred reload its configuration.",
        discussion: """
            genred checks the whole file first. If it contains a mistake, genrectl prints where, nothing changes, and the \
            exit code is 1. Sources that stay the same are not interrupted.
            """
    )

    @OptionGroup var options: CommonOptions

    func run() throws {
        try options.withClient { client in
            let changed = try client.reload()
            if options.json {
                try Output.json(ReloadResult(changed: changed))
            } else {
                Output.lines(
                    changed.isEmpty ? [Line("reloaded; nothing has changed")] : changed.map { Line($0) })
            }
        }
    }
}
