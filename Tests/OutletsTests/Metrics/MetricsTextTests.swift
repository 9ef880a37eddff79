// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

@testable import genred_outlet

struct MetricsTextTests {
    private func exposition(_ snapshot: DaemonSnapshot) throws -> Exposition {
        try Exposition(MetricsText.render(snapshot))
    }

    @Test func `names, types and labels are those of the contract`() throws {
        let metrics = try exposition(Snapshots.snapshot())
        let expected: KeyValuePairs = [
            "genred_build_info": "gauge", "genred_start_time_seconds": "gauge", "genred_clients": "gauge",
            "process_cpu_seconds_total": "counter", "process_resident_memory_bytes": "gauge",
            "process_start_time_seconds": "gauge", "genred_source_info": "gauge", "genred_source_up": "gauge",
            "genred_source_label": "gauge", "genred_source_label_seconds_total": "counter",
            "genred_source_label_changes_total": "counter", "genred_source_confidence_ratio": "gauge",
            "genred_source_level_dbfs": "gauge", "genred_source_audio_seconds_total": "counter",
            "genred_source_dropped_seconds_total": "counter", "genred_source_overruns_total": "counter",
            "genred_source_reconnects_total": "counter", "genred_source_last_update_timestamp_seconds": "gauge",
        ]
        #expect(metrics.order == expected.map(\.key))
        #expect(metrics.types == Dictionary(uniqueKeysWithValues: expected.map { ($0.key, $0.value) }))
        #expect(Set(metrics.helps.keys) == Set(metrics.types.keys))
        #expect(metrics.helps.values.allSatisfy { $0.hasSuffix(".") })
        for sample in metrics.samples {
            let labels: Set<String> =
                switch sample.name {
                case "genred_build_info": ["version", "model"]
                case "genred_source_info": ["source", "kind"]
                case "genred_source_label", "genred_source_label_seconds_total": ["source", "label"]
                case _ where sample.name.hasPrefix("genred_source_"): ["source"]
                default: []
                }
            #expect(Set(sample.labels.keys) == labels, "\(sample.name)")
        }
    }

    @Test func `values are those of the snapshot, without loss`() throws {
        let metrics = try exposition(Snapshots.snapshot())
        #expect(metrics.value("genred_build_info", ["version": "1.2.3", "model": "own.safetensors"]) == 1)
        #expect(metrics.value("genred_start_time_seconds") == 1_769_842_800.5)
        #expect(metrics.value("process_start_time_seconds") == 1_769_842_800.5)
        #expect(metrics.value("genred_clients") == 2)
        #expect(metrics.value("process_cpu_seconds_total") == 12.25)
        #expect(metrics.value("process_resident_memory_bytes") == 44_752_896)
        #expect(metrics.value("genred_source_info", ["source": "radio", "kind": "pipe"]) == 1)
        let radio = ["source": "radio"]
        #expect(metrics.value("genred_source_up", radio) == 1)
        #expect(metrics.value("genred_source_label_changes_total", radio) == 7)
        #expect(metrics.value("genred_source_confidence_ratio", radio) == 0.71)
        #expect(metrics.value("genred_source_level_dbfs", radio) == -20.1)
        #expect(metrics.value("genred_source_audio_seconds_total", radio) == 100_000.125)
        #expect(metrics.value("genred_source_dropped_seconds_total", radio) == 0.0625)
        #expect(metrics.value("genred_source_overruns_total", radio) == 3)
        #expect(metrics.value("genred_source_reconnects_total", radio) == 4)
        #expect(metrics.value("genred_source_last_update_timestamp_seconds", radio) == 1_769_846_400.25)
    }

    @Test func `every label that can be published has a sample, and only the published one is 1`() throws {
        let every = ["blues", "classical", "jazz", "no-music", "starting", "unsure", "silence", "no-signal"]
        for label in every {
            let metrics = try exposition(
                Snapshots.snapshot([Snapshots.status("radio")], [Snapshots.estimate("radio", label: label)]))
            let samples = metrics.samples.filter { $0.name == "genred_source_label" }
            #expect(Set(samples.map { $0.labels["label"] ?? "" }) == Set(every))
            #expect(samples.filter { $0.value != 0 }.map(\.labels) == [["source": "radio", "label": label]])
            #expect(samples.allSatisfy { $0.value == 0 || $0.value == 1 })
            let seconds = metrics.samples.filter { $0.name == "genred_source_label_seconds_total" }
            #expect(Set(seconds.map { $0.labels["label"] ?? "" }) == Set(every))
            #expect(seconds.reduce(0) { $0 + $1.value } == 99.74)
        }
    }

    @Test func `a label that the model has no more keeps its time, and an unknown one is published all the same`()
        throws
    {
        let metrics = try exposition(
            Snapshots.snapshot(
                [Snapshots.status("radio")], [Snapshots.estimate("radio", label: "speech")], labels: ["classical"]))
        #expect(metrics.value("genred_source_label", ["source": "radio", "label": "speech"]) == 1)
        #expect(metrics.value("genred_source_label_seconds_total", ["source": "radio", "label": "jazz"]) == 90.24)
        #expect(metrics.value("genred_source_label", ["source": "radio", "label": "jazz"]) == nil)
    }

    @Test func `what is not known is left out`() throws {
        let metrics = try exposition(
            Snapshots.snapshot(
                [Snapshots.status("radio"), Snapshots.status("new", state: .opening)],
                [Snapshots.estimate("radio", level: nil)]))
        #expect(metrics.types["genred_source_level_dbfs"] == nil)
        #expect(metrics.value("genred_source_confidence_ratio", ["source": "radio"]) != nil)
        let ofNew = Set(metrics.samples.filter { $0.labels["source"] == "new" }.map(\.name))
        #expect(ofNew.contains("genred_source_up") && ofNew.contains("genred_source_label_seconds_total"))
        #expect(!ofNew.contains("genred_source_label") && !ofNew.contains("genred_source_confidence_ratio"))
        let without = try exposition(Snapshots.snapshot([], []))
        #expect(without.order.allSatisfy { !$0.hasPrefix("genred_source_") })
    }

    @Test(arguments: DeviceState.allCases)
    func `a source is up while its device runs and has a signal`(state: DeviceState) throws {
        for label in ["jazz", "silence", "no-signal"] {
            let metrics = try exposition(
                Snapshots.snapshot(
                    [Snapshots.status("radio", state: state)], [Snapshots.estimate("radio", label: label)]))
            let isUp = state == .running && label != "no-signal"
            #expect(metrics.value("genred_source_up", ["source": "radio"]) == (isUp ? 1 : 0))
        }
    }

    @Test func `no metric tells a password, a title, or a folder`() {
        let text = MetricsText.render(Snapshots.snapshot())
        #expect(!text.contains("hunter2") && !text.contains("alice") && text.contains("radio"))
    }

    @Test func `whatever a daemon sends is read back as it was`() throws {
        var generator = SplitMix(state: 16)
        for _ in 0..<400 {
            let snapshot = Snapshots.random(&generator)
            let text = MetricsText.render(snapshot)
            #expect(text == MetricsText.render(snapshot))
            let metrics = try Exposition(text)
            let sources = snapshot.status.sources
            let names = metrics.samples.filter { $0.name == "genred_source_up" }.compactMap { $0.labels["source"] }
            #expect(Set(names) == Set(sources.map(\.name)) && Set(names).count == names.count)
            for source in sources.reversed() where sources.first(where: { $0.name == source.name }) == source {
                let labels = ["source": source.name]
                #expect(metrics.value("genred_source_info", labels.merging(["kind": source.kind]) { $1 }) == 1)
                #expect(metrics.value("genred_source_audio_seconds_total", labels) == source.audioSeconds)
                #expect(metrics.value("genred_source_label_changes_total", labels) == Double(source.changes))
                for (label, seconds) in source.labelSeconds {
                    let labels = labels.merging(["label": label]) { $1 }
                    #expect(metrics.value("genred_source_label_seconds_total", labels) == seconds)
                }
                let estimate = snapshot.estimates.first { $0.source == source.name }
                #expect(metrics.value("genred_source_level_dbfs", labels) == estimate?.level)
                #expect(metrics.value("genred_source_confidence_ratio", labels) == estimate?.confidence)
            }
        }
    }

    @Test(.enabled(if: Programs.has("promtool")))
    func `promtool has nothing to say about them, whatever the names of sources`() throws {
        let names = Snapshots.hostileNames
        let snapshots = [
            Snapshots.snapshot(), Snapshots.snapshot([], []),
            Snapshots.snapshot(names.map { Snapshots.status($0) }, names.map { Snapshots.estimate($0) }),
        ]
        for snapshot in snapshots {
            let folder = try TemporaryFolder()
            let file = try folder.write(MetricsText.render(snapshot), to: "metrics")
            #expect(try Programs.run("/bin/sh", ["-c", "promtool check metrics < '\(file)'"]) == "")
        }
    }
}
