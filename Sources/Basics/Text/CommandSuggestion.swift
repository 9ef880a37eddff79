// SPDX-License-Identifier: GPL-3.0-or-later

/// What to say about a misspelt command. The argument parser would call it an unexpected argument.
package struct CommandSuggestion {
    package let message: String

    /// Nil if the arguments name a command, or begin with none.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - options: the options before a command that have a value.
    ///   - flags: those that have none.
    package init?(
        _ arguments: [String], among commands: [String], options: [String] = ["--socket"], flags: [String] = ["--json"]
    ) {
        var rest = arguments[...]
        while let first = rest.first {
            if options.contains(first) {
                rest = rest.dropFirst(2)
            } else if flags.contains(first) || options.contains(where: { first.hasPrefix("\($0)=") }) {
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        guard let word = rest.first, word != "help", !word.hasPrefix("-"), !commands.contains(word) else { return nil }
        let hint =
            nearest(to: word, among: commands).map { "did you mean \($0)?" }
            ?? "the commands are \(commands.joined(separator: ", "))"
        message = "there is no command \(quoted(word)); \(hint)"
    }
}
