// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Glibc
import Reporting

/// The program `genred-outlet`.
@main
struct OutletProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "genred-outlet",
        abstract: "Passes on what genred hears: to MQTT and Home Assistant, to a web page and metrics, and to hooks.",
        version: genredVersion,
        subcommands: [MQTTCommand.self, WebCommand.self, HookCommand.self]
    )

    @OptionGroup var options: CommonOptions

    static func main() {
        // A reader that goes away fails a write; it does not kill the program.
        signal(SIGPIPE, SIG_IGN)
        let commands = configuration.subcommands.compactMap { $0.configuration.commandName }
        if let suggestion = CommandSuggestion(Array(CommandLine.arguments.dropFirst()), among: commands, flags: []) {
            StandardError.shared.write("genred-outlet: \(suggestion.message)\n")
            Glibc.exit(EX_USAGE)
        }
        main(nil)
    }
}

/// Options of every command, before or after its name.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("genred's control socket.", valueName: "path"))
    var socket: String?

    var path: String { socket ?? SocketPath.find() }
}
