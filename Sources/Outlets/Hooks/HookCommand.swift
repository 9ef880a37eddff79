// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Reporting
import StrictYAML

/// `genred-outlet hook`.
struct HookCommand: ParsableCommand {
    static let usualRules = "/etc/genred/hooks.yaml"

    static let configuration = CommandConfiguration(
        commandName: "hook",
        abstract: "Calls webhooks and runs commands when the label changes, by rules.",
        discussion: """
            A rule says on which labels it fires, after how long, and what it does.
            This one reports dead air, and that the sound is back:

              - name: dead-air
                on: [silence, no-signal]
                for: 30s
                back: 5s
                source: radio
                url: https://example.org/hook

            outlets.md, beside the README, describes every key. SIGHUP reads the file
            again and applies all of it, or nothing.

            EXAMPLES
              genred-outlet hook --rules hooks.yaml --check
              genred-outlet hook --rules hooks.yaml

            EXIT CODES
            \(OutletExit.help)
            """)

    @OptionGroup var options: CommonOptions

    @Option(
        help: ArgumentHelp(
            "The file of rules. Default: $GENRED_HOOK_RULES, else \(HookCommand.usualRules).", valueName: "file"))
    var rules: String?

    @Flag(help: "Check the rules, print them or every mistake, and exit.")
    var check = false

    private var rulesPath: String {
        rules ?? SocketPath.variable("GENRED_HOOK_RULES").flatMap { $0.isEmpty ? nil : $0 } ?? Self.usualRules
    }

    func run() throws {
        try OutletRun.start(level: .info) { run in
            let path = rulesPath
            let rules: [HookRule]
            do {
                rules = try HookRulesFile.read(path, credentials: HookFiles.credentials)
            } catch let error as ConfigurationError {
                throw OutletError(.configuration, lines: error.lines)
            }
            if check { return report(rules, of: path) }
            let state = try StateFolder()
            try state.lock(
                "hook",
                taken:
                    "another genred-outlet hook uses \(state.path); give this one a folder of its own in STATE_DIRECTORY"
            )
            for note in HookNotes.exposed(rules) { run.log.warning("\(note)") }
            try HookOutlet(path: options.path, rules: rules, rulesPath: path, state: state, run: run).runUntilStopped()
        }
    }

    private func report(_ rules: [HookRule], of path: String) {
        var notes = HookNotes.exposed(rules)
        // If a daemon answers, its labels and sources are known.
        if let client = try? ControlClient(path: options.path, timeout: .seconds(1)),
            let description = try? client.describe(), let status = try? client.status(),
            let estimates = try? client.current()
        {
            notes += HookNotes.unknown(
                in: rules, to: DaemonSnapshot(description: description, status: status, estimates: estimates))
        }
        for note in notes { StandardError.shared.write("genred-outlet: note: \(note)\n") }
        print("\(path): ok\(rules.isEmpty ? ", no rules" : "")")
        for line in HookTable.lines(rules) { print("  \(line)") }
    }
}
