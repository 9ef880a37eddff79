// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

/// A real Prometheus that scrapes the real outlet of a real daemon, and answers the queries of the dashboard and the rules.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Programs.has("prometheus", "curl"))) struct PrometheusTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Prometheus and the outlet, which end with it.
    private final class Setup {
        let outlet: ChildProcess
        let prometheus: ChildProcess
        private let port: Int

        init(_ daemon: FedDaemon, in folder: TemporaryFolder) throws {
            let (web, port) = (try FreePort.find(), try FreePort.find())
            self.port = port
            outlet = try ChildProcess(
                shell:
                    "exec '\(Programs.built("genred-outlet"))' --socket '\(daemon.socket)' web --listen 127.0.0.1:\(web) 2>outlet.log",
                in: folder.path)
            _ = try folder.write(
                """
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: ['\(AlertRuleTests.monitoring)/genred.rules.yml']
                scrape_configs:
                  - job_name: genred
                    static_configs: [{targets: ['127.0.0.1:\(web)']}]
                """, to: "prometheus.yml")
            prometheus = try ChildProcess(
                shell:
                    "exec prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:\(port) 2>prometheus.log",
                in: folder.path)
        }

        deinit {
            prometheus.end()
            outlet.end()
        }

        /// The samples that a query gives: labels and value.
        func query(_ expression: String) throws -> [(labels: [String: String], value: Double)] {
            let text = try Programs.run(
                try #require(Programs.find("curl")),
                [
                    "-sS", "--get", "--data-urlencode", "query=\(expression)",
                    "http://127.0.0.1:\(port)/api/v1/query",
                ])
            let answer = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            guard answer?["status"] as? String == "success", let data = answer?["data"] as? [String: Any] else {
                throw Programs.Failure(description: "\(expression): \(text)")
            }
            return try (data["result"] as? [[String: Any]] ?? []).map { sample in
                let value = try #require((sample["value"] as? [Any])?.last as? String)
                return (sample["metric"] as? [String: String] ?? [:], try #require(Double(value)))
            }
        }

        /// The value of a query with one sample; nil while there is none.
        func value(_ expression: String) -> Double? {
            guard let samples = try? query(expression), samples.count == 1 else { return nil }
            return samples[0].value
        }
    }

    @Test func `values arrive, follow the source, and are gone while the daemon is away`() async throws {
        let daemon = try await FedDaemon(["radio", "tv"])
        try await daemon.waitFor("silence")
        let setup = try Setup(daemon, in: folder)
        let silence = #"genred_source_label{source="radio",label="silence"}"#
        #expect(await eventually { setup.value(silence) == 1 })
        #expect(setup.value(#"sum(genred_source_label{source="radio"})"#) == 1)
        #expect(setup.value("count(genred_source_up == 1)") == 2)
        #expect(setup.value("genred_source_level_dbfs{source=\"radio\"}") == -120)
        #expect(setup.value("process_resident_memory_bytes").map { $0 > 1e6 } == true)
        let client = try await daemon.client()
        #expect(setup.value("genred_start_time_seconds").map { abs($0 - Date().timeIntervalSince1970) < 300 } == true)
        #expect(setup.value("genred_build_info{version=\"\(try client.describe().version)\"}") == 1)
        #expect(setup.value("scrape_samples_scraped{job=\"genred\"}").map { $0 > 40 } == true)

        daemon.play(.noise)
        #expect(await eventually { setup.value(silence) == 0 })
        #expect(await eventually { setup.value("genred_source_level_dbfs{source=\"radio\"}").map { $0 > -60 } == true })
        let seconds = try client.sources().first { $0.name == "radio" }?.audioSeconds ?? 0
        #expect(
            await eventually {
                setup.value("genred_source_audio_seconds_total{source=\"radio\"}").map { $0 >= seconds } == true
            })

        await daemon.stop()
        #expect(await eventually { setup.value(#"up{job="genred"}"#) == 0 })
        #expect(await eventually { (try? setup.query("genred_source_label").isEmpty) == true })
        try await daemon.start()
        #expect(await eventually { setup.value(silence) != nil && setup.value(#"up{job="genred"}"#) == 1 })
    }

    @Test func `no panel and no rule asks for what does not exist`() async throws {
        let daemon = try await FedDaemon(["radio", "tv"])
        let setup = try Setup(daemon, in: folder)
        #expect(await eventually { setup.value("count_over_time(genred_clients[1m])").map { $0 >= 5 } == true })
        let names = Set(try setup.query(#"{job="genred"}"#).compactMap { $0.labels["__name__"] })
        let dashboard = try Dashboard()
        #expect(dashboard.queries.count >= 20)
        for (title, expression) in dashboard.queries {
            for name in Self.metricNames(expression) {
                #expect(names.contains(name), "the panel \"\(title)\" asks for \(name)")
            }
            #expect(try !setup.query(expression).isEmpty, "the panel \"\(title)\" shows nothing: \(expression)")
        }
        let rules = try String(contentsOfFile: "\(AlertRuleTests.monitoring)/genred.rules.yml", encoding: .utf8)
        for name in Self.metricNames(rules) where name.hasPrefix("genred_") {
            #expect(names.contains(name), "a rule asks for \(name)")
        }
        // Each metric is of use to somebody.
        let used = Self.metricNames(rules).union(dashboard.queries.flatMap { Self.metricNames($0.expression) })
        for name in names where name.hasPrefix("genred_") { #expect(used.contains(name), "nobody asks for \(name)") }
    }

    @Test func `the dashboard's variables, panels and data source fit together`() throws {
        let dashboard = try Dashboard()
        #expect(dashboard.variables == ["datasource", "instance", "source"])
        #expect(Set(dashboard.panelIDs).count == dashboard.panelIDs.count)
        #expect(dashboard.dataSources == ["${datasource}"])
        for area in dashboard.areas {
            #expect(area.x >= 0 && area.x + area.width <= 24)
            for other in dashboard.areas where other.id != area.id {
                let apart =
                    area.x + area.width <= other.x || other.x + other.width <= area.x
                    || area.y + area.height <= other.y || other.y + other.height <= area.y
                #expect(apart, "panels \(area.id) and \(other.id) overlap")
            }
        }
    }

    private static func metricNames(_ text: String) -> Set<String> {
        Set(text.matches(of: /\b(genred_[a-z_]+|process_[a-z_]+|up(?=\{))/).map { String($0.1) })
    }
}

/// The Grafana dashboard in the package.
private struct Dashboard {
    struct Area { var id, x, y, width, height: Int }

    /// The queries of all panels, with the variables replaced as Grafana does.
    private(set) var queries: [(title: String, expression: String)] = []
    private(set) var variables: [String] = []
    private(set) var panelIDs: [Int] = []
    private(set) var areas: [Area] = []
    private(set) var dataSources: Set<String> = []

    init() throws {
        let data = try Data(contentsOf: URL(filePath: "\(AlertRuleTests.monitoring)/grafana-dashboard.json"))
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let list = (root["templating"] as? [String: Any])?["list"] as? [[String: Any]]
        variables = (list ?? []).compactMap { $0["name"] as? String }
        for panel in try #require(root["panels"] as? [[String: Any]]) {
            let id = try #require(panel["id"] as? Int)
            panelIDs.append(id)
            let grid = try #require(panel["gridPos"] as? [String: Int])
            areas.append(
                Area(id: id, x: grid["x"] ?? -1, y: grid["y"] ?? -1, width: grid["w"] ?? 0, height: grid["h"] ?? 0))
            for target in panel["targets"] as? [[String: Any]] ?? [] {
                let expression = try #require(target["expr"] as? String)
                    .replacing("$instance", with: ".*").replacing("$source", with: ".*")
                    .replacing("$__rate_interval", with: "1m").replacing("$__range", with: "1h")
                #expect(!expression.contains("$"), "a variable that does not exist: \(expression)")
                queries.append((panel["title"] as? String ?? "", expression))
                if let uid = (target["datasource"] as? [String: String])?["uid"] { dataSources.insert(uid) }
            }
        }
    }
}
