// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// What a daemon says of itself as metrics, in Prometheus' text format (the table in docs/outlets.md).
///
/// There is no metric for a daemon that is away: the server then answers 503, and Prometheus sets its own `up` to 0.
enum MetricsText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The same snapshot always gives the same text.
    static func render(_ snapshot: DaemonSnapshot) -> String {
        var text = ""
        for family in daemonFamilies(snapshot) + SourceMetrics(snapshot).families where !family.isEmpty {
            text += family.text
        }
        return text
    }

    private static func daemonFamilies(_ snapshot: DaemonSnapshot) -> [MetricFamily] {
        let status = snapshot.status
        var build = MetricFamily(
            "genred_build_info", .gauge, "Always 1. The version of genred, and the file name of its model.")
        // Without the folder, which can show the name of a user.
        let model = status.model.path.split(separator: "/").last.map(String.init) ?? status.model.path
        build.append(1, ["version": status.version, "model": model])

        var start = MetricFamily("genred_start_time_seconds", .gauge, "The Unix time at which genred started.")
        var clients = MetricFamily(
            "genred_clients", .gauge,
            "The clients that are connected to genred's control socket, this outlet among them.")
        clients.append(status.clients)

        // The names that Prometheus' client libraries give every process. They are about genred, not about this outlet.
        var cpu = MetricFamily(
            "process_cpu_seconds_total", .counter, "The processor time that genred used, in seconds.")
        cpu.append(status.cpu)
        var memory = MetricFamily(
            "process_resident_memory_bytes", .gauge, "The memory of genred that is resident, in bytes.")
        memory.append(status.memory)
        var processStart = MetricFamily(
            "process_start_time_seconds", .gauge, "The same as genred_start_time_seconds.")
        if let started = Timestamp(rfc3339: status.started) {
            start.append(started.unixSeconds)
            processStart.append(started.unixSeconds)
        }
        return [build, start, clients, cpu, memory, processStart]
    }
}

extension Timestamp {
    var unixSeconds: Double { Double(milliseconds) / 1000 }
}
