// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol

/// The command `genrectl status`.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the state of genred itself: uptime, load, clients, model, configuration, sources."
    )

    @OptionGroup var options: CommonOptions

    func run() throws {
        try options.withClient { client in
            let status = try client.status()
            if options.json {
                try Output.json(status)
            } else {
                Output.lines(StatusView.lines(status, now: .now))
            }
        }
    }
}

/// Formats the result of `status` for people.
enum StatusView {
    static func lines(_ status: DaemonStatus, now: Timestamp) -> [Line] {
        var table = Table(.left, .left)
        func row(_ name: String, _ text: String) { table.append(Line(name, .quiet), Line(text)) }
        row("genred", "\(status.version), process \(status.pid)")
        row(
            "running", "for \(DurationText.text(status.uptime)), since \(LocalTime.full(status.started))")
        row("processor", processor(status))
        row("memory", Wording.memory(status.memory))
        row("clients", "\(status.clients), \(status.subscribers) of them subscribed")
        row("model", status.model.path)
        row("", ModelView.summary(status.model))
        row("config", status.config ?? "none; the built-in defaults apply")
        return table.lines() + [Line()] + SourcesView.lines(status.sources, now: now)
    }

    private static func processor(_ status: DaemonStatus) -> String {
        let share = status.uptime > 0 ? status.cpu / status.uptime * 100 : 0
        return
            "\(Wording.decimal(status.cpu, digits: 1)) s used, \(Wording.decimal(share, digits: 1)) % of one core"
    }
}
