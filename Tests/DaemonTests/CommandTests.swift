// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Logging
import Testing

@testable import genred

struct CommandTests {
    @Test func `every option of the command line is read`() throws {
        let command = try GenredCommand.parse([
            "--config", "/c.yaml", "--socket", "/s", "--source", "a=pipe:-", "--source", "b=file:/x=y.wav?pace=fast",
            "--model", "/m", "--log-level", "debug", "--check-config",
        ])
        #expect(command.config == "/c.yaml")
        #expect(command.socket == "/s")
        #expect(command.sources.map(\.name) == ["a", "b"])
        #expect(command.sources.last?.uri.description == "file:/x=y.wav?pace=fast")
        #expect(command.model == "/m")
        #expect(command.logLevel == .debug)
        #expect(command.checkConfig)
    }

    @Test(arguments: [
        (["--source", "pipe:-"], "a source is written NAME=URI, such as radio=pulse:@DEFAULT_SOURCE@"),
        (["--source", "a b=pipe:-"], "a name has 1 to 64 of a-z, A-Z, 0-9, dots, dashes and underscores"),
        (["--source", "=pipe:-"], "a source is written NAME=URI"),
        (["--source", "a=http://x"], "genred-station URL | genred"),
        (["--source", "a=alsa:x", "--source", "a=alsa:y"], #"two sources are called "a""#),
        (
            ["--source", "a=pipe:-", "--source", "b=pipe:-"],
            #"only one source can read standard input, and "a" already does"#
        ),
        (["--log-level", "loud"], #"one of trace, debug, info, notice, warning, error, critical, not "loud""#),
        (["stray"], "stray"),
    ])
    func `mistakes on the command line are explained`(arguments: [String], message: String) throws {
        let error = try #require(throws: (any Error).self) { try GenredCommand.parse(arguments) }
        #expect(GenredCommand.exitCode(for: error).rawValue == genred.ExitStatus.usage.rawValue)
        #expect(GenredCommand.message(for: error).contains(message))
    }

    @Test func `the help names every exit code`() {
        let help = GenredCommand.helpMessage()
        for status in genred.ExitStatus.allCases {
            let line = "  \(status.rawValue)\(status.rawValue < 10 ? " " : "")  \(status.meaning)\n"
            #expect(help.contains(line), "\(line)")
        }

    }
}
