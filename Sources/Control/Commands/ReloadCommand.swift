// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import ControlProtocol

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have genred read its configuration again.",
        discussion: """
            It is checked as a whole first: when there is a mistake in it, this says where, nothing changes, and the \
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
                    changed.isEmpty ? [Line("reloaded; nothing is different")] : changed.map { Line($0) })
            }
        }
    }
}
