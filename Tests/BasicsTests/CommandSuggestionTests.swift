// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Testing

struct CommandSuggestionTests {
    private func suggestion(_ arguments: String...) -> String? {
        CommandSuggestion(arguments, among: ["current", "watch", "history"])?.message
    }

    @Test func `a misspelt command gets the one that was meant, an unknown one gets the list`() {
        #expect(suggestion("curent") == #"there is no command "curent"; did you mean current?"#)
        #expect(suggestion("--socket", "/s", "--json", "wacth")?.contains("watch?") == true)
        #expect(suggestion("frobnicate")?.contains("the commands are current, watch, history") == true)
        for fine in [
            ["current"], ["help"], [], ["--version"], ["--socket", "curent"], ["-h"],
            ["--generate-completion-script", "bash"],
        ] {
            #expect(CommandSuggestion(fine, among: ["current"]) == nil)
        }
    }
}
