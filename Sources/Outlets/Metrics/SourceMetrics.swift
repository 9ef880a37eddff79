// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// The metrics that have a sample for each source. No label holds a URI, a device or a message: those can hold a password.
struct SourceMetrics {
    private let modelLabels: [String]

    private var info = MetricFamily("genred_source_info", .gauge, "Always 1. The kind of the source.")
    private var up = MetricFamily(
        "genred_source_up", .gauge,
        "Whether the source delivers audio: 1, or 0 while its device is opening, waiting, lost, ended or without a signal."
    )
    private var label = MetricFamily(
        "genred_source_label", .gauge,
        "1 for the label that is published for the source, 0 for every other label that could be.")
    private var labelSeconds = MetricFamily(
        "genred_source_label_seconds_total", .counter,
        "The time for which a label was published for the source since genred started, in seconds.")
    private var changes = MetricFamily(
        "genred_source_label_changes_total", .counter,
        "The changes of the source's label since genred started.")
    private var confidence = MetricFamily(
        "genred_source_confidence_ratio", .gauge,
        "How often a label such as the present one is right, 0 to 1; 0 for silence, starting and no-signal.")
    private var level = MetricFamily(
        "genred_source_level_dbfs", .gauge,
        "The RMS level of the audio in dB relative to full scale; -120 for digital silence.")
    private var audio = MetricFamily(
        "genred_source_audio_seconds_total", .counter,
        "The audio of the source that was analysed since genred started, in seconds.")
    private var dropped = MetricFamily(
        "genred_source_dropped_seconds_total", .counter,
        "The audio of the source that was dropped because it was not analysed in time, in seconds.")
    private var overruns = MetricFamily(
        "genred_source_overruns_total", .counter, "How often the source's device itself lost audio.")
    private var reconnects = MetricFamily(
        "genred_source_reconnects_total", .counter, "How often the source was opened again.")
    private var lastUpdate = MetricFamily(
        "genred_source_last_update_timestamp_seconds", .gauge, "The Unix time of the source's last estimate.")

    init(_ snapshot: DaemonSnapshot) {
        modelLabels = snapshot.status.model.labels
        let estimates = Dictionary(snapshot.estimates.map { ($0.source, $0) }) { first, _ in first }
        var known: Set<String> = []
        for source in snapshot.status.sources where known.insert(source.name).inserted {
            append(source, estimates[source.name])
        }
    }

    /// In the order of the table in docs/outlets.md.
    var families: [MetricFamily] {
        [
            info, up, label, labelSeconds, changes, confidence, level, audio, dropped, overruns, reconnects, lastUpdate,
        ]
    }

    private mutating func append(_ status: SourceStatus, _ estimate: Estimate?) {
        let source = status.name
        info.append(1, ["source": source, "kind": status.kind])
        let deliversAudio = status.state == .running && estimate?.state != .noSignal
        up.append(deliversAudio ? 1 : 0, ["source": source])
        changes.append(status.changes, ["source": source])
        audio.append(status.audioSeconds, ["source": source])
        dropped.append(status.droppedSeconds, ["source": source])
        overruns.append(status.overruns, ["source": source])
        reconnects.append(status.reconnects, ["source": source])

        let published = Self.union(modelLabels, Self.states, (estimate?.label).map { [$0] } ?? [])
        if let estimate {
            for name in published { label.append(name == estimate.label ? 1 : 0, ["source": source, "label": name]) }
            confidence.append(estimate.confidence, ["source": source])
            if let value = estimate.level { level.append(value, ["source": source]) }
            if let time = Timestamp(rfc3339: estimate.time) { lastUpdate.append(time.unixSeconds, ["source": source]) }
        }
        // A label of a model that was in use before a reload keeps its time.
        for name in Self.union(published, status.labelSeconds.keys.sorted()) {
            labelSeconds.append(status.labelSeconds[name] ?? 0, ["source": source, "label": name])
        }
    }

    /// The labels that stand for a state.
    private static let states = EstimateState.allCases.filter { $0 != .genre }.map(\.rawValue)

    /// All elements in order, each once.
    private static func union(_ lists: [String]...) -> [String] {
        var known: Set<String> = []
        return lists.joined().filter { known.insert($0).inserted }
    }
}
