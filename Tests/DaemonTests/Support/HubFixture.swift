// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import ControlProtocol
import Foundation
import History
import Logging
import NIOCore
import NIOPosix
import Streaming
import TestSupport

@testable import genred

extension Hub {
    /// Runs `body` on the hub.
    func perform<Result: Sendable>(_ body: @Sendable (isolated Hub) throws -> Result) rethrows -> Result {
        try body(self)
    }
}

/// A hub with sources that a test controls, and a control server on a socket of its own.
final class HubFixture: Sendable {
    static let labels = ["jazz", "rock", "blues"]

    let folder: TemporaryFolder
    let hub: Hub
    let log = LogRecorder()
    let server: ControlServer
    let path: String

    init(
        sources: [String] = ["radio"], history: HistorySettings = HistorySettings(),
        patience: Double = 3600,
        reload: @escaping ClientConnection.Reload = { .success(ReloadResult(changed: [])) }
    ) async throws {
        folder = try TemporaryFolder()
        path = folder.file("s")
        let model = ModelInfo(path: "model", labels: Self.labels, parameters: 3, card: [:])
        let recorder = log
        hub = try Hub(
            loop: MultiThreadedEventLoopGroup(numberOfThreads: 1).next(),
            settings: HubSettings(configurationFile: nil) { model },
            history: History(history, log: Logger(label: "history") { _ in SwiftLogNoOpLogHandler() }),
            log: Logger(label: "test") { _ in recorder }, patience: patience)
        let socket = try ControlSocket(path: path, mode: 0o600, group: nil)
        server = try await ControlServer(socket: socket, hub: hub, reload: reload)
        for (slot, name) in sources.enumerated() { try await add(name, slot: slot) }
    }

    /// - Parameter uri: by default that of a device.
    func add(_ name: String, slot: Int, uri: String? = nil) async throws {
        let settings = try AnalysisSettings.usual()
        let input = RingInput(isRealTime: true, settings: settings, workerName: "test") {}
        let uri = try SourceURI(parsing: uri ?? "alsa:\(name)")
        await hub.add(
            HubSource(name: name, uri: uri, slot: slot, input: input, labels: Self.labels, wakeAnalysis: {}))
    }

    func stop() async { await server.stop() }

    /// Opens a stream of a source, as the analysis reports it.
    func open(slot: Int = 0) async {
        let ring = EstimateRing(capacity: 8, labels: Self.labels.count)
        let format = StreamFormat(sampleRate: 48_000, channels: 2, encoding: "S16", device: "hw:0")
        hub.post(.opened(format, ring: ring, labels: Self.labels), slot: slot)
        await settle()
    }

    /// Replaces the model of a source.
    func replace(labels: [String], slot: Int = 0) async {
        hub.post(.replaced(ring: EstimateRing(capacity: 8, labels: labels.count), labels: labels), slot: slot)
        await settle()
    }

    func close(_ event: CaptureEvent, slot: Int = 0) async {
        hub.post(.closed(event), slot: slot)
        await settle()
    }

    /// Reports what a station says.
    func say(
        _ notes: StationNote..., isGone: Bool = false, ignored: Int = 0, failure: CaptureError? = nil, slot: Int = 0
    ) async {
        hub.post(
            .said(StationReport(notes: notes, isGone: isGone, ignored: ignored, failure: failure)), slot: slot)
        await settle()
    }

    /// Waits until everything that was posted so far has been handled.
    private func settle() async { try? await hub.loop.submit {}.get() }

    /// Publishes an estimate.
    func estimate(
        _ state: EstimatorState, _ label: Int? = nil, at position: Double, confidence: Float = 0.8, slot: Int = 0
    ) async {
        await hub.perform { hub in
            let values: [Float] = [0.25, 0.25, 0.5]
            values.withUnsafeBufferPointer { probabilities in
                let record = EstimateRing.Record(
                    position: position, state: state, label: label, confidence: confidence, level: -20,
                    probabilities: probabilities, windowProbabilities: state == .starting ? nil : probabilities)
                if let source = hub.source(inSlot: slot) { hub.publish(record, of: source) }
                hub.clients.flush()
            }
        }
    }

    /// The changes in the history, as `from>to`.
    func changes(of source: String = "radio") async -> [String] {
        await history(of: source).changes.map { "\($0.from)>\($0.to)" }
    }

    func history(of source: String? = nil) async -> HistoryResult {
        let line = await hub.answerHistory(
            HistoryParams(source: source, limit: 1000, totals: true), id: .integer(1))
        return (try? JSONDecoder().decode(Answer.self, from: Data(line)).result) ?? HistoryResult(changes: [])
    }

    private struct Answer: Decodable { var result: HistoryResult }
}
