// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import TestSupport

@testable import genred_outlet

/// Snapshots of daemons that do not run here.
enum Snapshots {
    static let labels = ["blues", "classical", "jazz", "no-music"]

    /// Names that try to leave their label in a metric, and one that would be another metric's line.
    static let hostileNames = [
        "radio", "a \"quoted\" name", "back\\slash", "trailing\\", "two\nlines", "}\ngenred_up 1\n#",
        "tab\tand\rreturn",
        "nul\0", "東京 🎷", "#", "{}", "a,b=\"c\"", "\u{202E}right to left", "", " ", "\\n", "\\\"",
    ]

    static func estimate(_ source: String, label: String = "jazz", confidence: Double = 0.71, level: Double? = -20.1)
        -> Estimate
    {
        let state = EstimateState(rawValue: label) ?? .genre
        return Estimate(
            source: source, time: "2026-01-31T08:00:00.250Z", position: 634.4, state: state,
            genre: state == .genre ? label : nil, label: label, confidence: confidence,
            probabilities: ["jazz": 0.71, "blues": 0.29], since: "2026-01-31T07:59:00Z", level: level)
    }

    /// A source whose every text holds a password.
    static func status(_ name: String, state: DeviceState = .running) -> SourceStatus {
        SourceStatus(
            name: name, uri: "pipe:/run/a?user=me&password=hunter2", kind: "pipe", device: "http://me:hunter2@host/a",
            format: "S16", state: state, overruns: 3, reconnects: 4, position: 12.5, audioSeconds: 100_000.125,
            droppedSeconds: 0.0625, changes: 7, labelSeconds: ["jazz": 90.24, "blues": 9.5], title: "hunter2",
            message: "cannot open http://me:hunter2@host/a", lastError: "http://me:hunter2@host/a", lastErrorTime: nil)
    }

    static func snapshot(
        _ sources: [SourceStatus] = [status("radio")], _ estimates: [Estimate] = [estimate("radio")],
        labels: [String] = labels, path: String = "/home/alice/models/own.safetensors"
    ) -> DaemonSnapshot {
        let model = ModelInfo(path: path, labels: labels, parameters: 475_547, card: ["nll": "1.45"])
        return DaemonSnapshot(
            description: Description(
                name: "genred", version: "1.2.3", protocolVersion: 1, methods: [], model: model,
                instance: "3f0c1f5e-8a55-4d0e-9d3c-0a3c6f4b8d11"),
            status: DaemonStatus(
                version: "1.2.3", pid: 1, started: "2026-01-31T07:00:00.5Z", uptime: 3600, cpu: 12.25,
                memory: 44_752_896, clients: 2, subscribers: 1, model: model, config: "/home/alice/genred.yaml",
                sources: sources),
            estimates: estimates)
    }

    /// A snapshot with anything in it that can come over the socket.
    static func random(_ generator: inout SplitMix) -> DaemonSnapshot {
        let pieces = ["a", "é", "\\", "\"", "\n", "\r", "\t", " ", "}", "{", ",", "=", "#", "🎷", "\0", "\u{2028}", "n"]
        func text() -> String {
            (0..<Int.random(in: 0...8, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }
                .joined()
        }
        func number() -> Double {
            let plain = Double.random(in: 0...1e6, using: &generator)
            return [plain, plain.rounded(), 0, 1e300, .leastNonzeroMagnitude, 0.1, -120, 9_007_199_254_740_994, 1e15]
                .randomElement(
                    using: &generator) ?? 0
        }
        let labels = (0..<Int.random(in: 1...5, using: &generator)).map { _ in text() }
        let names = (0..<Int.random(in: 0...4, using: &generator)).map { _ in text() }
        let sources = names.map { name in
            var source = status(name, state: DeviceState.allCases.randomElement(using: &generator) ?? .lost)
            (source.kind, source.audioSeconds, source.droppedSeconds) = (text(), number(), number())
            source.changes = Int.random(in: 0...Int.max, using: &generator)
            source.labelSeconds = Dictionary(labels.prefix(2).map { ($0, number()) }) { $1 }
            source.labelSeconds[text()] = number()
            return source
        }
        let estimates = names.filter { _ in Bool.random(using: &generator) }.map { name in
            estimate(
                name, label: (labels + ["silence", "no-signal", text()]).randomElement(using: &generator) ?? "",
                confidence: number(), level: Bool.random(using: &generator) ? nil : number())
        }
        return snapshot(sources, estimates, labels: labels, path: text())
    }
}
