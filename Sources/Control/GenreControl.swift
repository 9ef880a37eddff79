// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Glibc

/// The program `genrectl`.
@main
struct GenreControl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "genrectl",
        abstract: "Show what genred hears.",
        discussion: """
            genred labels live audio with music genres. genrectl queries it over its control socket.

            The socket is the first of: --socket PATH, $GENRED_SOCKET, /run/genred/genred.sock if it exists, \
            $XDG_RUNTIME_DIR/genred/genred.sock. On a terminal the output has colours, unless NO_COLOR is set.

            EXAMPLES:
              genrectl current                      what each source is playing now
              genrectl watch                        the same, live; q quits
              genrectl history radio --since 2h     the last two hours of "radio"
              genrectl watch --json | jq -c 'select(.event == "change")'

            EXIT CODES:
              0   success; watch: ended by q, Ctrl-C or --seconds
              1   genred returned an error, such as an unknown source
              3   genred is not running or cannot be reached
              4   no permission to use the socket
              5   the connection was lost
              64  wrong command line
            """,
        version: genredVersion,
        subcommands: [
            CurrentCommand.self, WatchCommand.self, HistoryCommand.self, SourcesCommand.self,
            StatusCommand.self,
            DescribeCommand.self, AnnotateCommand.self, ReloadCommand.self,
        ]
    )

    @OptionGroup var options: CommonOptions

    static func main() {
        // The parent process may ignore SIGPIPE, as systemd does for its services. Here a closed pipe must end the program.
        signal(SIGPIPE, SIG_DFL)
        let commands = configuration.subcommands.compactMap { $0.configuration.commandName }
        if let suggestion = CommandSuggestion(Array(CommandLine.arguments.dropFirst()), among: commands) {
            Output.error(suggestion.message)
            Glibc.exit(EX_USAGE)
        }
        main(nil)
    }
}
