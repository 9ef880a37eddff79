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
        abstract: "See what genred hears.",
        discussion: """
            genred labels live audio with music genres; genrectl asks it over its control socket.

            The socket is --socket PATH, else $GENRED_SOCKET, else /run/genred/genred.sock, else \
            $XDG_RUNTIME_DIR/genred/genred.sock. Colours are used on a terminal, unless NO_COLOR is set.

            EXAMPLES:
              genrectl current                      what is heard now
              genrectl watch                        the same, live; q quits
              genrectl history radio --since 2h     what was heard
              genrectl watch --json | jq -c 'select(.event == "change")'

            EXIT CODES:
              0   success; watch: ended by q, Ctrl-C or --seconds
              1   genred answered with an error, such as an unknown source
              3   genred is not running or cannot be reached
              4   no permission for the socket
              5   the connection was lost
              64  the command line is wrong
            """,
        version: genredVersion,
        subcommands: [
            CurrentCommand.self, WatchCommand.self, HistoryCommand.self, SourcesCommand.self,
            StatusCommand.self,
            DescribeCommand.self, ReloadCommand.self,
        ]
    )

    @OptionGroup var options: CommonOptions

    static func main() {
        // Whoever starts this may ignore SIGPIPE, as systemd does for its services; here a reader that goes ends it.
        signal(SIGPIPE, SIG_DFL)
        main(nil)
    }
}
