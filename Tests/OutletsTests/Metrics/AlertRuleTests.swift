// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

/// The alert rules for Prometheus, as promtool sees them.
@Suite(.enabled(if: Programs.has("promtool"))) struct AlertRuleTests {
    static let monitoring = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../monitoring").standardizedFileURL.path
    private let rules = "\(monitoring)/genred.rules.yml"

    private func promtool(_ arguments: String...) throws -> String {
        try Programs.run(try #require(Programs.find("promtool")), arguments)
    }

    /// The samples of one metric for promtool: a value every 15 seconds.
    private struct Series {
        var name: String
        var labels: [String: String] = [:]
        var values: String

        var yaml: String {
            let labels = self.labels.merging(["job": "genred", "instance": "studio:8321"]) { $1 }
                .map { "\($0)=\"\($1)\"" }.sorted().joined(separator: ",")
            return "      - {series: '\(name){\(labels)}', values: '\(values)'}\n"
        }
    }

    private func label(_ label: String, _ values: String) -> Series {
        Series(name: "genred_source_label", labels: ["source": "radio", "label": label], values: values)
    }

    private func source(_ name: String, _ values: String) -> Series {
        Series(name: "genred_source_\(name)", labels: ["source": "radio"], values: values)
    }

    /// Evaluates an alert: it must not fire at `quiet`, and must fire at `firing`, with a summary and a description that
    /// contain these texts.
    private func expect(
        _ alert: String, of series: [Series], quiet: String, firing: String, source: Bool = true, label: String? = nil,
        severity: String, summary: String, description: String
    ) throws {
        let folder = try TemporaryFolder()
        var labels = "severity: \(severity), job: genred, instance: \"studio:8321\""
        if source { labels += ", source: radio" }
        if let label { labels += ", label: \(label)" }
        let test = """
            rule_files: ['\(rules)']
            evaluation_interval: 15s
            tests:
              - interval: 15s
                input_series:
            \(series.map(\.yaml).joined())
                alert_rule_test:
                  - {eval_time: \(quiet), alertname: \(alert), exp_alerts: []}
                  - eval_time: \(firing)
                    alertname: \(alert)
                    exp_alerts:
                      - exp_labels: {\(labels)}
                        exp_annotations:
                          summary: '\(summary)'
                          description: '\(description)'
            """
        let file = try folder.write(test, to: "test.yml")
        #expect(try promtool("test", "rules", file).contains("SUCCESS"))
    }

    @Test func `the rules are valid`() throws {
        #expect(try promtool("check", "rules", rules).contains("SUCCESS: 10 rules found"))
    }

    @Test func `a daemon that is away`() throws {
        try expect(
            "GenredDown", of: [Series(name: "up", values: "1x10 0x40")], quiet: "4m", firing: "6m", source: false,
            severity: "critical", summary: "genred at studio:8321 cannot be reached",
            description:
                #"Prometheus has had no metrics from studio:8321 for 2 minutes. Either genred, its web outlet or the machine is down. On the machine, "systemctl status genred genred-outlet-web" says more."#
        )
    }

    @Test func `dead air, but not a pause between two songs`() throws {
        // A pause of 45 seconds at the beginning.
        try expect(
            "GenredDeadAir", of: [label("silence", "1x3 0x10 1x40"), label("jazz", "0x3 1x10 0x40")], quiet: "1m",
            firing: "6m", label: "silence", severity: "critical", summary: "Dead air on radio",
            description:
                #"radio at studio:8321 has been silent for a minute. The device delivers audio, but the audio is quieter than genred''s threshold for silence."#
        )
    }

    @Test func `a source without a signal is one alert, and one that has ended another`() throws {
        try expect(
            "GenredNoSignal", of: [label("no-signal", "0x10 1x40"), source("up", "1x10 0x40")], quiet: "4m",
            firing: "6m", label: "no-signal", severity: "critical", summary: "radio has no signal",
            description:
                #"The device of radio at studio:8321 is lost, or has delivered nothing for 2 minutes. "genrectl sources" gives the reason. genred opens the device again as soon as it is back."#
        )
        // Not while there is no signal, at first.
        try expect(
            "GenredSourceEnded", of: [label("no-signal", "1x40 0x60"), source("up", "0x100")], quiet: "9m",
            firing: "16m", severity: "warning", summary: "radio has ended",
            description:
                #"radio at studio:8321 has delivered nothing for 5 minutes. A file or pipe is at its end, or a device is still being opened. "genrectl sources" gives the reason."#
        )
    }

    @Test func `a source that comes and goes`() throws {
        try expect(
            "GenredSourceUnstable", of: [source("reconnects_total", "0x40 1+1x7 8x40")], quiet: "10m", firing: "13m",
            severity: "warning", summary: "radio is lost again and again",
            description:
                #"genred had to open radio at studio:8321 again 8 times in the last 30 minutes. A loose plug, a weak USB port or an unstable stream can be the cause."#
        )
    }

    @Test func `audio that genred or the device lost`() throws {
        try expect(
            "GenredAudioDropped", of: [source("dropped_seconds_total", "0x60 0+0.5x40 20x60")], quiet: "15m",
            firing: "25m15s", severity: "warning", summary: "genred drops audio of radio",
            description:
                #"genred at studio:8321 dropped 20.0 seconds of radio in the last 10 minutes, because the processor does not keep up. Use fewer sources, a longer update interval or a faster machine."#
        )
        try expect(
            "GenredOverruns", of: [source("overruns_total", "0x60 0+1x40 40x60")], quiet: "15m", firing: "25m15s",
            severity: "warning", summary: "The device of radio loses audio",
            description:
                #"The device of radio at studio:8321 lost audio 40 times in the last 10 minutes, before genred could read it."#
        )
    }

    @Test func `a source that is up and has no estimates`() throws {
        try expect(
            "GenredNoEstimates", of: [source("last_update_timestamp_seconds", "0+15x20 300x40"), source("up", "1x60")],
            quiet: "5m", firing: "10m", severity: "critical", summary: "genred gives no estimates of radio",
            description:
                #"radio at studio:8321 delivers audio, but its last estimate is 5m 0s old. Or the clocks of that machine and of Prometheus differ by that much."#
        )
    }

    @Test func `a label that stays for half a day, unless it is silence`() throws {
        // 15 seconds times 240 are an hour.
        let changes = source("label_changes_total", "1+1x240 241x3600")
        let (up, silence) = (source("up", "1x4000"), label("silence", "0x3500 1x400"))
        try expect(
            "GenredLabelStuck", of: [changes, up, silence], quiet: "12h30m", firing: "13h30m", severity: "info",
            summary: "The label of radio has not changed for 12 hours",
            description:
                #"radio at studio:8321 has had the same label for 12 hours. A station that plays one genre can do that; so can one that repeats a recording, or a hum."#
        )
        try expect(
            "GenredLabelStuck", of: [changes, up, silence], quiet: "15h", firing: "14h", severity: "info",
            summary: "The label of radio has not changed for 12 hours",
            description:
                #"radio at studio:8321 has had the same label for 12 hours. A station that plays one genre can do that; so can one that repeats a recording, or a hum."#
        )
    }

    @Test func `a label that flaps`() throws {
        try expect(
            "GenredLabelFlapping", of: [source("label_changes_total", "0x40 0+2x120")], quiet: "18m", firing: "35m",
            severity: "info", summary: "The label of radio changes all the time",
            description:
                #"The label of radio at studio:8321 changed 80 times in the last 10 minutes. A poor signal can be the cause; a slower estimator ("estimator" in genred.yaml) helps."#
        )
    }

    @Test func `every alert has its test here`() throws {
        let names = try String(contentsOfFile: rules, encoding: .utf8).matches(of: /- alert: (\w+)/).map(\.1)
        let tests = try String(contentsOfFile: #filePath, encoding: .utf8)
        #expect(names.count == 10 && names.allSatisfy { tests.contains("\"\($0)\"") })
    }
}
