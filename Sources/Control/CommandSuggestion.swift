// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics

/// What to say about a misspelt command. The argument parser would call it an unexpected argument.
struct CommandSuggestion {
    let message: String

    /// Nil if the arguments name a command, or begin with none.
    ///
    /// - Parameter arguments: without the program's name.
    init?(_ arguments: [String], among commands: [String]) {
        var rest = arguments[...]
        while let first = rest.first, first == "--socket" || first == "--json" || first.hasPrefix("--socket=") {
            rest = rest.dropFirst(first == "--socket" ? 2 : 1)
        }
        guard let word = rest.first, word != "help", !word.hasPrefix("-"), !commands.contains(word) else { return nil }
        let hint =
            nearest(to: word, among: commands).map { "did you mean \($0)?" }
            ?? "the commands are \(commands.joined(separator: ", "))"
        message = "there is no command \(quoted(word)); \(hint)"
    }
}

extension ParsableCommand {
    static var commandNames: [String] {
        configuration.subcommands.compactMap { $0.configuration.commandName ?? "\($0)".lowercased() }
    }
}
